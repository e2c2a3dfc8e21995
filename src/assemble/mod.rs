//! A plan becomes a shell and a mode: the one place where options meet machinery.

mod disk;
mod doors;
mod herald;
mod openbsd;
mod outside;
mod program;
mod room;
mod script;
#[cfg(feature = "tls")]
mod secret;
#[cfg(feature = "proxy")]
mod service;
mod sockets;
#[cfg(feature = "transfer")]
mod transfer;
#[cfg(not(feature = "transfer"))]
#[path = "transfer/without.rs"]
mod transfer;
mod voice;
#[cfg(feature = "proxy")]
mod way;

use std::fs::File;
use std::io;
use std::mem;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use socket2::SockAddr;

use self::herald::Herald;
pub use self::outside::Outside;
use self::room::Room;
use self::script::Kept;
pub use self::script::run_script;
use crate::cli;
use crate::cli::plan::{
    Address, At, Guests, Local, PortRange, Protocol, Quit, Role, Target, Tongue,
};
use crate::cli::plan::{Flow, Gate, Plan, UnixName, Vsock};
use crate::mode::{
    self, Broker, Connect, Entry, Exec, KeepOpen, Listen, Manners, Mode, PassOn, Proxy, Scan,
    Series,
};
use crate::net::given::{self, Given};
use crate::net::notify;
use crate::net::sockopt::{Carriage, SoftLimit};
use crate::net::wishes::Wishes;
use crate::net::{Config, Program, Shell, Whose, dial, stdin_is_file, sys};
use crate::route::{Form, Limits};
use crate::say::{Fact, Level};
use crate::wire::{Clock, Crlf, Stack, Telnet};
#[cfg(any(feature = "proxy", feature = "tls"))]
use crate::wire::{Fault, Layer, Refusal};

/// How long a peer of a datagram listener that keeps open is remembered when it is silent.
const SESSION: Duration = Duration::from_secs(60);
/// How long a datagram probe (`-z -u`) waits for a refusal.
const PROBE: Duration = Duration::from_secs(2);
/// The environment variable that keeps the kernel from carrying bytes by itself.
const NO_SPLICE: &str = "NCAT_NO_SPLICE";

/// The log files of a run, opened but not changed yet.
#[derive(Debug, Default)]
pub struct Logs {
    /// `-o`.
    pub output: Option<File>,
    /// `-x`.
    pub hex_dump: Option<File>,
}

/// Does what the plan says; the exit status.
pub fn run(mut plan: Plan, outside: Outside) -> u8 {
    let say = openbsd::say(&plan);
    for warning in &plan.warnings {
        say.warn(warning);
    }
    for note in &plan.notes {
        say.say(Level::Verbose, note);
    }
    match try_run(&mut plan, outside) {
        // What a shell shows of a status that does not fit is its low byte.
        Ok(status) => openbsd::status(&plan, (status & 0xff) as u8),
        Err(quitting) => {
            let words = quitting.words();
            let words = openbsd::sentence(&plan, &words);
            say.tell(Level::Error, words, &quitting.fact());
            openbsd::status(&plan, quitting.status)
        }
    }
}

/// Why there was nothing to run.
struct Quitting {
    /// Without a full stop.
    reason: String,
    status: u8,
    /// What is certain to help, in a sentence.
    hint: Option<String>,
}

impl Quitting {
    fn words(&self) -> String {
        match self.status {
            1 => format!("{}.", self.reason),
            _ => format!("{}. QUITTING.", self.reason),
        }
    }

    fn fact(&self) -> Fact {
        let fact = Fact::new("failed")
            .reason(&self.reason)
            .number("status", self.status.into());
        match &self.hint {
            Some(hint) => fact.hint(hint),
            None => fact,
        }
    }
}

fn refuse(what: &str, error: &io::Error) -> Quitting {
    Quitting {
        reason: format!("{what}: {}", dial::words(error)),
        status: 2,
        hint: None,
    }
}

/// A kernel that lacks what is to be used is nobody's mistake in using us.
fn refuse_place(what: &str, error: &io::Error) -> Quitting {
    match error.kind() {
        io::ErrorKind::Unsupported => Quitting {
            reason: dial::words(error),
            status: 1,
            hint: None,
        },
        _ => refuse(what, error),
    }
}

fn try_run(plan: &mut Plan, mut outside: Outside) -> Result<i32, Quitting> {
    let descriptors = SoftLimit::raise();
    let room = Room::of(plan, outside.given.as_ref(), descriptors.most());
    if let Some(warning) = room.warning(plan) {
        openbsd::say(plan).warn(&warning);
    }
    if plan.command.is_some() {
        sys::pass_on_nothing();
    }
    if let Role::Listen(_) = plan.role {
        let socket = std::env::var_os(notify::VARIABLE);
        outside.supervisor.socket = socket.filter(|name| !name.is_empty());
    }
    // Behind that, for this is the one thing that they are to inherit.
    let script = outside.script.as_deref().map(Kept::new).transpose();
    let script = script.map_err(|error| refuse("No memory for the Lua script", &error))?;
    let private = private(&outside);
    let program = program::program(plan, script.as_ref(), descriptors, private);
    let clock = Clock::new(outside.started);
    let config = config(plan, program, clock);
    let mut config = config.map_err(|error| refuse("Unusable address", &error))?;
    config.wishes = sockets::wishes(plan).map_err(usage)?;
    sockets::warn(plan, &config.wishes, &openbsd::say(plan));
    through_or_as_proxy(plan, &mut config)?;
    if config.service.is_some() {
        config.most_guests = room.peers().map(|peers| peers.max(1));
    }
    let say = transfer::with_bar(plan, openbsd::say(plan));
    let mut shell = Shell::new(config, say, outside.started)
        .map_err(|error| refuse("Could not start the event loop", &error))?;
    open_logs(plan, outside.logs, &mut shell).map_err(|error| refuse("open", &error))?;
    let mode = mode(plan, outside.given, &mut shell)?;
    let places = shell.places();
    let mut herald = Herald {
        mode,
        supervisor: outside.supervisor,
        listens: matches!(plan.role, Role::Listen(_)),
        places,
    };
    let status = shell.run(&mut herald);
    shell.remove_sources();
    if let Err(words) = herald.supervisor.stopping() {
        openbsd::say(plan).error(&words);
    }
    status.map_err(|error| refuse("The event loop failed", &error))
}

/// The variables of the environment that are for us, and not for programs that we start.
fn private(outside: &Outside) -> Vec<&'static str> {
    let mut names = Vec::new();
    if outside.given.is_some() {
        names.extend(given::VARIABLES);
    }
    if outside.supervisor.socket.is_some() {
        names.push(notify::VARIABLE);
    }
    names
}

/// The logs begin to be written from here on; until now a wrong option left them as they were.
fn open_logs(plan: &Plan, logs: Logs, shell: &mut Shell) -> io::Result<()> {
    let files = [
        (Form::Raw, logs.output, &plan.dress.output),
        (Form::Hex, logs.hex_dump, &plan.dress.hex_dump),
    ];
    for (form, file, path) in files {
        let (Some(file), Some(path)) = (file, path) else {
            continue;
        };
        if !plan.dress.append && file.metadata()?.is_file() {
            file.set_len(0)?;
        }
        shell.add_log(form, path.display().to_string(), file)?;
    }
    Ok(())
}

/// Nothing passes in the clear that was to pass in secret.
#[cfg(feature = "tls")]
fn seal(plan: &Plan, config: &mut Config) -> Result<(), Quitting> {
    let say = openbsd::say(plan);
    let secret = secret::Secret::new(plan, is_datagram(&plan.role), &config.clock, &say);
    let secret = secret.map_err(usage)?;
    if let Some(secret) = secret {
        secret.seal(config);
    }
    Ok(())
}

#[cfg(not(feature = "tls"))]
fn seal(plan: &Plan, _: &mut Config) -> Result<(), Quitting> {
    match &plan.secure {
        None => Ok(()),
        Some(_) => Err(usage("This build knows no TLS".into())),
    }
}

/// Layers are laid on from above: what a proxy of ours speaks, secrecy, and ways through other proxies.
fn through_or_as_proxy(plan: &mut Plan, config: &mut Config) -> Result<(), Quitting> {
    #[cfg(feature = "proxy")]
    service::open(plan, config).map_err(usage)?;
    seal(plan, config)?;
    #[cfg(feature = "proxy")]
    way::lay(plan, config).map_err(usage)?;
    Ok(())
}

fn usage(words: String) -> Quitting {
    Quitting {
        reason: words,
        status: 2,
        hint: None,
    }
}

/// Bytes that nobody can foresee.
#[cfg(feature = "proxy")]
fn chance() -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    let drawn = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    match drawn {
        Ok(32) => Ok(bytes),
        Ok(_) | Err(_) => Err("The system gives no random numbers".into()),
    }
}

/// A layer, or what says why there is none.
#[cfg(any(feature = "proxy", feature = "tls"))]
fn layer<L: Layer + 'static>(made: Result<L, Fault>) -> Box<dyn Layer> {
    match made {
        Ok(layer) => Box::new(layer),
        Err(fault) => Box::new(Refusal(fault)) as Box<dyn Layer>,
    }
}

fn config(plan: &mut Plan, program: Option<Program>, clock: Clock) -> io::Result<Config> {
    let gate = match &mut plan.role {
        Role::Listen(listen) => mem::take(&mut *listen.gate),
        Role::Connect(_) | Role::Scan(_) => Gate::default(),
    };
    let (target, max_conns, single) = match &plan.role {
        Role::Connect(connect) => (
            Some(target(plan, &connect.target, &connect.ports)?),
            0,
            true,
        ),
        Role::Scan(scan) => (Some(target(plan, &scan.target, &scan.ports)?), 0, true),
        Role::Listen(listen) => (None, listen.max_conns, listen.guests == Guests::One),
    };
    let dress = &plan.dress;
    let datagrams = is_datagram(&plan.role);
    let chunk = if datagrams {
        dress.datagram_size
    } else {
        Limits::CHUNK
    };
    Ok(Config {
        wishes: Wishes::default(),
        target: target.map(Rc::new),
        name_of: None,
        phrases: openbsd::phrases(plan),
        asker: None,
        secret: plan.secure.is_some(),
        service: None,
        peer_layers: Box::new(peer_layers),
        handshake: plan.secure.as_ref().map_or(Duration::ZERO, |w| w.patience),
        doorman: None,
        clock,
        stdio_layers,
        voice: voice::voice,
        chat: guests(&plan.role) == Guests::Chat,
        telnet: dress.telnet,
        crlf: dress.crlf,
        delay: dress.delay,
        interval: dress.interval,
        max_conns,
        most_guests: None,
        access: gate.access,
        reader: gate.again.map(disk::reader),
        single,
        datagram_size: dress.datagram_size,
        limits: Limits {
            log: dress.max_queue,
            chunk,
            messages: datagrams,
            stall: dress.stall_after,
            delay: dress.delay,
            rate: plan.transfer.rate,
        },
        in_turn: matches!(&plan.role, Role::Listen(l) if l.in_turn && l.guests == Guests::Many),
        pass_on: plan.flow.pass_on,
        packets: plan.flow.packets,
        // What the kernel carries is not counted.
        kernel_carries: plan.flow.packets.is_none() && std::env::var_os(NO_SPLICE).is_none(),
        catch_signals: matches!(plan.role, Role::Listen(_)) || plan.command.is_some(),
        program,
        checksum: transfer::checksum(plan),
        announce: plan.announce,
    })
}

/// From the wire upward.
fn peer_layers(config: &Config, _: Whose, stack: &mut Stack) {
    if config.telnet {
        stack.push(Box::new(Telnet::default()));
    }
}

/// `-C` stands on our side of the link, so that logs and all members of a hub see one conversion. A
/// chat has a voice that ends lines anyway.
fn stdio_layers(config: &Config) -> Stack {
    let mut stack = Stack::default();
    if config.crlf && !config.chat {
        stack.push(Box::new(Crlf::default()));
    }
    stack
}

fn mode(plan: &Plan, given: Option<Given>, shell: &mut Shell) -> Result<Box<dyn Mode>, Quitting> {
    let manners = manners(plan, shell);
    let runs = plan.command.is_some();
    let exec = |manners, entry| Box::new(Exec::new(manners, entry, plan.kill_after));
    Ok(match &plan.role {
        Role::Connect(_) if runs => exec(manners, Entry::Dial),
        Role::Connect(connect) if plan.flow.pass_on => Box::new(PassOn::new(connect.count())),
        Role::Connect(connect) if connect.count() > 1 => {
            Box::new(Series::new(manners, connect.count()))
        }
        Role::Connect(_) => Box::new(Connect::new(manners)),
        Role::Scan(scan) => {
            let mode = Scan::new(scan.count(), is_datagram(&plan.role), scan.way.is_some());
            Box::new(if scan.in_turn { mode.in_turn() } else { mode })
        }
        Role::Listen(listen) => {
            doors::open(&listen.at, given, shell, &openbsd::say(plan))?;
            match listen.guests {
                Guests::One if runs => exec(manners, Entry::One),
                Guests::Many if runs => exec(manners, Entry::Many),
                Guests::One => Box::new(Listen::new(manners)),
                Guests::Many => Box::new(KeepOpen::new(manners)),
                Guests::Broker => Box::new(Broker::new(manners, false)),
                Guests::Chat => Box::new(Broker::new(manners, true)),
                Guests::Proxy => Box::new(Proxy::new(plan.idle)),
            }
        }
    })
}

fn manners(plan: &Plan, shell: &Shell) -> Manners {
    let Flow {
        send_only,
        recv_only,
        no_shutdown,
        half_close,
        quit,
        lenient,
        packets,
        pass_on: _,
    } = plan.flow.clone();
    let ending = match carriage(&plan.role) {
        Carriage::Stream => mode::Ending::ByHalves,
        Carriage::Sctp => mode::Ending::Whole,
        Carriage::Datagram => mode::Ending::Untold,
    };
    let messages = ending == mode::Ending::Untold;
    let listening = matches!(plan.role, Role::Listen(_));
    let many = guests(&plan.role) != Guests::One;
    Manners {
        stdio: shell.stdio(),
        stdin_is_file: !recv_only && stdin_is_file(),
        ending,
        send_only,
        recv_only,
        no_shutdown,
        half_close,
        quit: match quit {
            Quit::Default => mode::Quit::Default,
            Quit::After(after) => mode::Quit::After(after),
            Quit::Never => mode::Quit::Never,
        },
        idle: plan.idle.or_else(|| (messages && many).then_some(SESSION)),
        lenient,
        counts_packets: packets.is_some(),
        listening,
    }
}

fn guests(role: &Role) -> Guests {
    match role {
        Role::Listen(listen) => listen.guests,
        Role::Connect(_) | Role::Scan(_) => Guests::One,
    }
}

fn is_datagram(role: &Role) -> bool {
    carriage(role) == Carriage::Datagram
}

/// What carries the user's bytes.
fn carriage(role: &Role) -> Carriage {
    let target = match role {
        Role::Connect(connect) => &connect.target,
        Role::Scan(scan) => &scan.target,
        Role::Listen(listen) => return listening(&listen.at),
    };
    match target {
        Target::Inet { protocol, .. } => over_ip(*protocol),
        Target::Unix { datagram, .. } | Target::Vsock { datagram, .. } => either(*datagram),
    }
}

/// What carries the bytes of those who come in.
fn listening(at: &At) -> Carriage {
    match at {
        At::Inet { protocol, .. } => over_ip(*protocol),
        At::Unix { datagram, .. } | At::Vsock { datagram, .. } => either(*datagram),
        At::Given(given) => match given {
            cli::plan::Given::Datagrams => Carriage::Datagram,
            cli::plan::Given::Listeners { sctp: true }
            | cli::plan::Given::Connection { sctp: true } => Carriage::Sctp,
            cli::plan::Given::Listeners { .. } | cli::plan::Given::Connection { .. } => {
                Carriage::Stream
            }
        },
    }
}

fn over_ip(protocol: Protocol) -> Carriage {
    match protocol {
        Protocol::Tcp => Carriage::Stream,
        Protocol::Sctp => Carriage::Sctp,
        Protocol::Udp => Carriage::Datagram,
    }
}

fn either(datagram: bool) -> Carriage {
    match datagram {
        true => Carriage::Datagram,
        false => Carriage::Stream,
    }
}

fn target(plan: &Plan, target: &Target, ports: &[PortRange]) -> io::Result<dial::Target> {
    let carriage = carriage(&plan.role);
    let (addresses, local) = match target {
        Target::Inet {
            addresses,
            port,
            local,
            ..
        } => {
            let addresses: Vec<SockAddr> = addresses.iter().map(|a| inet(*a, *port)).collect();
            let local = own(local, &addresses);
            (addresses, local)
        }
        Target::Vsock {
            cid, port, local, ..
        } => {
            let local = local.map(vsock).into_iter().collect();
            (vec![SockAddr::vsock(*cid, *port)], local)
        }
        Target::Unix { name, local, .. } => {
            let local = local.iter().map(unix).collect::<io::Result<_>>()?;
            (vec![unix(name)?], local)
        }
    };
    // With proxies in between, the ports are at the end of the way and not at the first of them.
    let is_last = plan.role.way().is_none();
    let ports = if is_last && matches!(target, Target::Inet { .. }) {
        ports
            .iter()
            .flat_map(|range| range.first..=range.last)
            .collect()
    } else {
        Vec::new()
    };
    // A peer that has to agree how to talk answers by itself, or does not in time; and it is told nothing
    // in the open.
    let secret = plan.secure.is_some();
    // A proxy is reached over a stream, whatever it passes on.
    let carriage = match carriage {
        Carriage::Datagram if plan.role.way().is_some() => Carriage::Stream,
        carriage => carriage,
    };
    let datagram = carriage == Carriage::Datagram;
    // A Unix socket that is there says so by itself, and what nc sends it may end up in a log.
    let is_told = matches!(
        (&plan.tongue, target),
        (Tongue::Nc { .. }, Target::Unix { .. })
    );
    let probe = datagram && !secret && !is_told && matches!(plan.role, Role::Scan(_));
    let many = match &plan.role {
        Role::Scan(scan) => scan.count() > 1,
        Role::Connect(connect) => connect.count() > 1,
        Role::Listen(_) => false,
    };
    Ok(dial::Target {
        many,
        addresses,
        carriage,
        local,
        ports,
        wait: (!datagram || secret).then_some(plan.wait),
        probe: probe.then(|| plan.idle.unwrap_or(PROBE)),
    })
}

/// The local addresses; a port alone means any address of whichever family is dialled.
fn own(local: &Local, addresses: &[SockAddr]) -> Vec<SockAddr> {
    if !local.addresses.is_empty() {
        return local
            .addresses
            .iter()
            .map(|a| inet(*a, local.port))
            .collect();
    }
    if local.port == 0 {
        return Vec::new();
    }
    let any = |address: &SockAddr| {
        let ip: std::net::IpAddr = match address.is_ipv6() {
            true => std::net::Ipv6Addr::UNSPECIFIED.into(),
            false => std::net::Ipv4Addr::UNSPECIFIED.into(),
        };
        inet(Address { ip, zone: 0 }, local.port)
    };
    addresses.iter().map(any).collect()
}

fn inet(address: Address, port: u16) -> SockAddr {
    match address.ip {
        std::net::IpAddr::V4(ip) => std::net::SocketAddrV4::new(ip, port).into(),
        std::net::IpAddr::V6(ip) => std::net::SocketAddrV6::new(ip, port, 0, address.zone).into(),
    }
}

/// What is not given is any.
fn vsock(place: Vsock) -> SockAddr {
    const ANY: u32 = u32::MAX;
    SockAddr::vsock(place.cid.unwrap_or(ANY), place.port.unwrap_or(ANY))
}

fn unix(name: &UnixName) -> io::Result<SockAddr> {
    match name {
        UnixName::Path(path) => SockAddr::unix(path),
        UnixName::Abstract(name) => {
            let mut path = std::ffi::OsString::from("\0");
            path.push(name);
            SockAddr::unix(Path::new(&path))
        }
    }
}
