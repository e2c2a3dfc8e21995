//! The bed itself: it has what its tests stand on.

use std::fs;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::common::{Told, told};
use crate::world::World;

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn the_kernel_is_one_of_our_own() -> Told {
    let init = told(fs::read_to_string("/proc/1/cmdline"))?;
    match init.contains("/init") {
        true => Ok(()),
        false => Err(format!(
            "the first process is {init:?}, not that of the bed"
        )),
    }
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn one_can_listen_over_sctp() -> Told {
    for domain in [Domain::IPV4, Domain::IPV6] {
        let socket = told(Socket::new(domain, Type::STREAM, Some(Protocol::SCTP)))?;
        told(socket.listen(1))?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn vsock_leads_back_to_ourselves() -> Told {
    const LOCAL: u32 = 1;
    let listener = told(Socket::new(Domain::VSOCK, Type::STREAM, None))?;
    let port = crate::ways::vsock_port();
    told(listener.bind(&SockAddr::vsock(u32::MAX, port)))?;
    told(listener.listen(1))?;
    let caller = told(Socket::new(Domain::VSOCK, Type::STREAM, None))?;
    told(caller.connect(&SockAddr::vsock(LOCAL, port)))
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn networks_can_be_made_and_their_lines_be_bad() -> Told {
    let world = World::pair()?;
    world.make_lines_bad()?;
    let line = world.near.says("tc qdisc show dev line")?;
    match line.contains("delay 40ms loss 2% rate 10Mbit") {
        true => Ok(()),
        false => Err(format!("the line is {line:?}")),
    }
}
