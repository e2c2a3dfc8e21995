//! Where another program listens, when it does not say so: read from /proc, by the sockets it
//! holds.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::process::{PidfdGetfdFlags, pidfd_getfd};
use socket2::Socket;

use super::{Deadline, Running, Told};

/// The TCP port that `program` listens on, as soon as it does.
///
/// Its sockets are asked themselves where the system allows that: the table of all that there are is
/// long, and slow to read, while others run beside this.
pub(crate) fn tcp_port_of(program: &mut Running, deadline: Deadline) -> Told<u16> {
    let pidfd = program.pidfd()?;
    program.repeat_until(
        deadline,
        "it listens on a TCP port",
        |id| match listening_port(id, &pidfd) {
            Err(Errno::NOSYS | Errno::PERM) => port(id, &["tcp", "tcp6"], "0A"),
            found => found.ok().flatten(),
        },
    )
}

/// The TCP port that a process listens on, by its sockets.
fn listening_port(id: u32, pidfd: &OwnedFd) -> Result<Option<u16>, Errno> {
    for number in socket_numbers(id) {
        let socket = match pidfd_getfd(pidfd, number, PidfdGetfdFlags::empty()) {
            Ok(fd) => Socket::from(fd),
            Err(Errno::BADF | Errno::SRCH) => continue, // gone meanwhile
            Err(error) => return Err(error),
        };
        let address = socket.local_addr().ok().and_then(|at| at.as_socket());
        let listens = socket.is_listener().unwrap_or(false);
        if let Some(at) = address.filter(|_| listens) {
            return Ok(Some(at.port()));
        }
    }
    Ok(None)
}

/// The descriptors of a process that are sockets.
fn socket_numbers(id: u32) -> Vec<i32> {
    let entries = fs::read_dir(format!("/proc/{id}/fd"));
    let number = |entry: fs::DirEntry| {
        let link = fs::read_link(entry.path()).ok()?;
        let number = entry.file_name().to_str()?.parse().ok()?;
        link.to_str()?.starts_with("socket:[").then_some(number)
    };
    entries
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(number)
        .collect()
}

/// The UDP port that `program` has bound, as soon as it has.
pub(crate) fn udp_port_of(program: &mut Running, deadline: Deadline) -> Told<u16> {
    program.repeat_until(deadline, "it has a UDP port", |id| {
        port(id, &["udp", "udp6"], "07")
    })
}

/// Waits until `program` listens at a Unix path, or has a datagram socket there.
pub(crate) fn unix_path_of(program: &mut Running, path: &str, deadline: Deadline) -> Told {
    program.repeat_until(deadline, "it has its Unix socket", |id| {
        let inodes = sockets(id);
        let table = fs::read_to_string("/proc/net/unix").ok()?;
        let bound = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            // Num RefCount Protocol Flags Type St Inode Path; a stream socket listens once its
            // flags say so.
            let listens = words.get(4) == Some(&"0002") || words.get(3) == Some(&"00010000");
            listens
                && words.get(7) == Some(&path)
                && words
                    .get(6)
                    .is_some_and(|inode| inodes.iter().any(|i| i == inode))
        };
        table.lines().any(bound).then_some(())
    })
}

/// How many descriptors a process has open.
pub(crate) fn descriptors(id: u32) -> usize {
    fs::read_dir(format!("/proc/{id}/fd")).map_or(0, Iterator::count)
}

fn port(id: u32, tables: &[&str], state: &str) -> Option<u16> {
    let inodes = sockets(id);
    let listens = |line: &str| {
        let words: Vec<_> = line.split_whitespace().collect();
        // sl local_address rem_address st ... the inode is the tenth word.
        let ours = inodes
            .iter()
            .any(|inode| Some(&inode.as_str()) == words.get(9));
        let port = words.get(1)?.rsplit(':').next()?;
        (ours && words.get(3) == Some(&state))
            .then(|| u16::from_str_radix(port, 16).ok())
            .flatten()
    };
    let open = |name: &&str| fs::read_to_string(format!("/proc/net/{name}")).ok();
    tables
        .iter()
        .filter_map(open)
        .find_map(|table| table.lines().find_map(listens))
}

/// The inodes of all sockets a process holds.
fn sockets(id: u32) -> Vec<String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{id}/fd")) else {
        return Vec::new();
    };
    let inode = |link: std::path::PathBuf| {
        Some(
            link.to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')?
                .to_owned(),
        )
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .filter_map(inode)
        .collect()
}
