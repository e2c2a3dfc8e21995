//! The process that speaks: one connection, one write for each message.

use std::{
    io::{self, BufRead, Write},
    net::{Ipv4Addr, TcpStream},
    thread,
};

use super::{peer, protocol::Protocol, stream::Stream};

/// The first word of the command line that makes the bench this child.
pub(crate) const WORD: &str = "sender";

pub(crate) fn words(protocol: Protocol, port: u16, payload: usize) -> Vec<String> {
    let (port, payload) = (port.to_string(), payload.to_string());
    vec![WORD.into(), protocol.name().into(), port, payload]
}

/// Answers `ready`, then says as many bytes more as each line of stdin asks for.
pub(crate) fn main(words: &[String]) -> io::Result<()> {
    peer::step_aside()?;
    let [protocol, port, payload] = words else {
        return Err(io::Error::other("a sender needs three words"));
    };
    let protocol = Protocol::of_name(protocol)?;
    let port: u16 = port.parse().map_err(io::Error::other)?;
    let payload = payload.parse().map_err(io::Error::other)?;
    let stream = Stream::new(payload, |payload| protocol.said(payload));
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    socket.set_nodelay(true)?;
    socket.write_all(protocol.introduce())?;
    discard_answers(&socket)?;
    peer::answer(Ok("ready".into()))?;

    let mut said = 0;
    for line in io::stdin().lock().lines() {
        let more: u64 = line?.parse().map_err(io::Error::other)?;
        let end = said + more;
        while said < end {
            let piece = stream.piece(said, end.min(said + stream.message()));
            socket.write_all(piece)?;
            said += piece.len() as u64;
        }
    }
    Ok(())
}

/// A broker that is not read might stop to read.
fn discard_answers(socket: &TcpStream) -> io::Result<()> {
    let mut answers = socket.try_clone()?;
    thread::spawn(move || io::copy(&mut answers, &mut io::sink()));
    Ok(())
}
