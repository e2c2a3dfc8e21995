//! The only unsafe code of the program: what the system offers to those alone who ask in C.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

static STDOUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether we were started with stdout closed (`>&-`). Rust's start-up puts /dev/null there, which
/// would take every byte and report that all is well.
pub fn stdout_was_closed() -> bool {
    STDOUT_WAS_CLOSED.load(Ordering::Relaxed)
}

extern "C" fn look_at_stdout() {
    // SAFETY: F_GETFD takes a number, be it of an open descriptor or not, and changes nothing.
    let flags = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_GETFD) };
    STDOUT_WAS_CLOSED.store(flags == -1, Ordering::Relaxed);
}

// SAFETY: the system's loader calls each function of this section before main, and so before Rust's
// start-up; this one calls fcntl and stores a flag, which need nothing that is set up later.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK_AT_STDOUT: extern "C" fn() = look_at_stdout;

/// Descriptors that whoever started us left open, 0, 1 and 2 aside, are not left to programs that we
/// start. Ours are made so from the first.
pub fn pass_on_nothing() {
    // SAFETY: close_range with CLOEXEC sets a flag of open descriptors and closes none; no memory is
    // passed. Called by its number, for not every libc has a name for it.
    let done = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3 as libc::c_uint,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    if done != 0 {
        each_open(|fd| {
            // SAFETY: F_SETFD sets a flag of a descriptor, be it open or not.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        });
    }
}

/// Goes through the descriptors that are open, where the system cannot do it for us.
fn each_open(act: impl Fn(libc::c_int)) {
    let names = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
    names
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|fd| *fd > 2)
        .for_each(act);
}

/// The descriptor of that number, which whoever started us has left to us; asked for once, and before
/// anything is opened.
///
/// # Errors
/// It is none, or one that others know us by.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: F_GETFD takes a number, be it of an open descriptor or not, and changes nothing.
    if number <= libc::STDERR_FILENO || unsafe { libc::fcntl(number, libc::F_GETFD) } == -1 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: it is open, and nobody in this process has it: whoever calls has opened nothing yet.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Whoever writes into a pipe that nobody reads is ended, as programs are that know nothing of it.
/// Rust's start-up has arranged otherwise.
pub fn die_of_broken_pipes() {
    // SAFETY: no handler of ours is involved, and the default action touches no memory.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
}

/// An interpreter with all its libraries. The wrapper calls two things unsafe, and scripts written for
/// the reference use both: modules in C, and the library from which tracebacks come.
#[cfg(feature = "lua")]
pub fn lua() -> mlua::Lua {
    // SAFETY: what a script can break by these means is this process, in which nothing else runs. No
    // function or value of ours is shown to it.
    unsafe { mlua::Lua::unsafe_new() }
}

/// Whether the signal is ignored, as `nohup` leaves SIGHUP to those it starts.
pub fn is_ignored(signal: libc::c_int) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: a null new action changes nothing; the old one is written through a pointer to room for
    // it, and read only when the call has succeeded. Zeroes are a valid sigaction besides.
    unsafe {
        let result = libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
        result == 0 && action.assume_init().sa_sigaction == libc::SIG_IGN
    }
}

/// Bytes written to the socket that its peer has not acknowledged; 0 when the system cannot say.
pub fn unsent(socket: impl AsFd) -> usize {
    // What a Unix socket counts is what the peer has not read yet, and closing does not destroy that.
    if is_unix(&socket) {
        return 0;
    }
    let mut bytes: libc::c_int = 0;
    // SAFETY: TIOCOUTQ (SIOCOUTQ) writes one int through the pointer, which is valid and of that
    // type; the descriptor is borrowed for the call. No safe wrapper of it exists.
    let result = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    match result {
        0 => usize::try_from(bytes).unwrap_or(0),
        _ => 0,
    }
}

/// Whether the peer of an SCTP socket has acknowledged less than everything; false when the association is
/// gone. It counts pieces, and ioctl(2) knows no count of bytes for it.
pub fn undelivered(socket: impl AsFd) -> bool {
    association(socket).is_some_and(|status| status.unacknowledged > 0 || status.pending > 0)
}

/// Whether the association of an SCTP socket is gone: each side has told the other that it has said its
/// last, and that everything has arrived.
pub fn is_dissolved(socket: impl AsFd) -> bool {
    association(socket).is_none()
}

/// The beginning of `struct sctp_status` (RFC 6458, section 8.2.1): association, state, window, and how many
/// pieces wait for an acknowledgement and how many to be sent.
#[repr(C)]
struct Association {
    id: i32,
    state: i32,
    window: u32,
    unacknowledged: u16,
    pending: u16,
    /// The rest, which differs between systems; more than any of them writes.
    rest: [u64; 64],
}

/// How the association of an SCTP socket is; `None` when there is none.
fn association(socket: impl AsFd) -> Option<Association> {
    const SCTP_STATUS: libc::c_int = 14;
    let mut status = std::mem::MaybeUninit::<Association>::zeroed();
    let mut size = size_of::<Association>() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the system writes no more than `size` bytes through the pointer, which is to so much room.
    // All fields are numbers, of which zeroes and whatever it writes are valid.
    let (result, status) = unsafe {
        let room = status.as_mut_ptr().cast();
        let result = libc::getsockopt(fd, libc::IPPROTO_SCTP, SCTP_STATUS, room, &raw mut size);
        (result, status.assume_init())
    };
    (result == 0).then_some(status)
}

/// SCTP sends every message as soon as it is given: what waits for more would wait for an
/// acknowledgement that the other side holds back for 200 ms.
///
/// # Errors
/// Those of setsockopt(2).
pub fn send_at_once(socket: impl AsFd) -> io::Result<()> {
    const SCTP_NODELAY: libc::c_int = 3;
    set_number(socket, libc::IPPROTO_SCTP, SCTP_NODELAY, 1)
}

/// Whether the socket is of the Unix family.
pub fn is_unix(socket: impl AsFd) -> bool {
    let family = rustix::net::sockopt::socket_domain(socket);
    family.is_ok_and(|own| own == rustix::net::AddressFamily::UNIX)
}

/// Sets an option of a socket that no safe wrapper knows.
///
/// # Errors
/// Those of setsockopt(2).
pub fn set_option(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: &[u8],
) -> io::Result<()> {
    let size = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the pointer is to bytes that outlive the call, with their number; the system copies them
    // whatever the option is, and refuses a number that does not suit it.
    match unsafe { libc::setsockopt(fd, level, name, value.as_ptr().cast(), size) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The same for an option that is a number.
///
/// # Errors
/// Those of setsockopt(2).
pub fn set_number(
    socket: impl AsFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    set_option(socket, level, name, &value.to_ne_bytes())
}

/// Whether the socket has an option that can be read, whatever it holds.
pub fn has_option(socket: impl AsFd, level: libc::c_int, name: libc::c_int) -> bool {
    let mut room = [0_u8; 4];
    let mut size = room.len() as libc::socklen_t;
    let fd = socket.as_fd().as_raw_fd();
    // SAFETY: the system writes no more bytes than `size` says there is room for; both pointers outlive the
    // call.
    let result =
        unsafe { libc::getsockopt(fd, level, name, room.as_mut_ptr().cast(), &raw mut size) };
    result == 0
}

/// Makes the socket readable only when so many bytes are there, or its end (SO_RCVLOWAT).
///
/// # Errors
/// Those of setsockopt(2).
pub fn wake_for(socket: impl AsFd, bytes: usize) -> io::Result<()> {
    let bytes = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    set_number(socket, libc::SOL_SOCKET, libc::SO_RCVLOWAT, bytes)
}

/// Ends the program with status 1 and last words unless it is dropped in time: for a name
/// look-up, which can be neither told a deadline nor called off. (A helper thread would do as well,
/// and cost every start of a client a thread.)
pub struct GiveUp {
    handler: signal_hook::SigId,
}

impl GiveUp {
    /// The program ends after this long, and says that.
    ///
    /// # Errors
    /// The system refuses the handler or the timer.
    pub fn after(wait: Duration, words: Vec<u8>) -> io::Result<Self> {
        let give_up = move || {
            let _ = rustix::io::write(rustix::stdio::stderr(), &words); // we leave anyway
            signal_hook::low_level::exit(1);
        };
        // SAFETY: the handler makes two system calls, write and _exit, and touches nothing else, so
        // it may interrupt anything.
        let handler = unsafe { signal_hook::low_level::register(libc::SIGALRM, give_up)? };
        let give_up = Self { handler };
        set_timer(wait)?;
        Ok(give_up)
    }
}

impl Drop for GiveUp {
    fn drop(&mut self) {
        let _ = set_timer(Duration::ZERO); // it was accepted before, and zero is always valid
        signal_hook::low_level::unregister(self.handler);
    }
}

/// SIGALRM after that time; zero takes it back.
fn set_timer(after: Duration) -> io::Result<()> {
    let timer = libc::itimerval {
        it_interval: libc::timeval {
            tv_sec: 0,
            tv_usec: 0,
        },
        it_value: libc::timeval {
            // Through i32, for the name of the field's own type is about to change with musl.
            tv_sec: i32::try_from(after.as_secs()).unwrap_or(i32::MAX).into(),
            tv_usec: (after.subsec_micros() as i32).into(),
        },
    };
    // SAFETY: the pointer is to a valid itimerval that outlives the call; null asks for no old value.
    match unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
