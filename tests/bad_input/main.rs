//! What goes wrong outside: each case has its sentence on stderr and its exit status, and loses
//! nothing that could still be delivered. (Every mistake on the command line itself is a row in the
//! usage tests; the few here are for the order.)

mod addresses;
#[path = "../common/mod.rs"]
mod common;
mod descriptors;
mod logs;
mod streams;

use std::net::SocketAddr;

use socket2::{Domain, SockAddr, Socket, Type};

use common::scene::Outcome;
use common::{Program, Scene, Told, told};

/// Plays a program to its end.
pub(crate) fn outcome_of(program: Program) -> Told<Outcome> {
    Scene::of(program)?.outcome()
}

/// Runs ncat to its end and compares its status and all of its stderr.
pub(crate) fn says(words: &[&str], status: i32, stderr: &str) -> Told {
    let outcome = outcome_of(Program::ncat(words))?;
    expect(&outcome, status, stderr)
}

pub(crate) fn expect(outcome: &Outcome, status: i32, stderr: &str) -> Told {
    if outcome.code == status && outcome.stderr.trim_end() == stderr {
        return Ok(());
    }
    Err(format!(
        "status {} with {:?} instead of {status} with {stderr:?}",
        outcome.code, outcome.stderr
    ))
}

/// A TCP port of 127.0.0.1 at which nobody listens, and nobody else can begin to while this lives.
pub(crate) fn deaf_port() -> Told<(Socket, String)> {
    let socket = told(Socket::new(Domain::IPV4, Type::STREAM, None))?;
    told(socket.bind(&SockAddr::from(SocketAddr::from(([127, 0, 0, 1], 0)))))?;
    let port = told(socket.local_addr())?
        .as_socket()
        .map_or(0, |at| at.port());
    Ok((socket, port.to_string()))
}
