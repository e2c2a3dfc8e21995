//! Several places to listen at: every address with every port, whatever is done for those who come.

#[path = "../common/mod.rs"]
mod common;
mod one;
mod uses;
mod wrong;

use std::net::{SocketAddr, UdpSocket};

use common::deadline::USUAL;
use common::scene::announced;
use common::{Place, Program, Scene, Told, told};

/// Two hosts with two ports each, in the words of a listener.
pub(crate) const FOUR: [&str; 2] = ["127.0.0.1,127.0.0.2", "0,0"];

/// A listener with these options at four places, and where they are.
pub(crate) fn at_four(options: &[&str]) -> Told<(Scene, Vec<SocketAddr>)> {
    let words = ["-l", "-v"].iter().chain(options).chain(&FOUR);
    let mut scene = Scene::of(Program::ncat(words))?;
    let said = announced(&mut scene, 4)?;
    let places: Vec<SocketAddr> = said.iter().filter_map(|text| text.parse().ok()).collect();
    let hosts: Vec<String> = places.iter().map(|at| at.ip().to_string()).collect();
    match hosts.join(" ") == "127.0.0.1 127.0.0.2 127.0.0.1 127.0.0.2" {
        true => Ok((scene, places)),
        false => Err(format!("it listens on {said:?}")),
    }
}

/// A plain socket that sends datagrams there.
pub(crate) fn sender(to: SocketAddr) -> Told<UdpSocket> {
    let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
    told(socket.connect(to))?;
    told(socket.set_read_timeout(Some(USUAL)))?;
    Ok(socket)
}

/// Sees that nobody is let in there.
pub(crate) fn refuses(at: SocketAddr) -> Told {
    match Place::Tcp(at).connect() {
        Err(_) => Ok(()),
        Ok(_) => Err(format!("{at} still lets others in")),
    }
}
