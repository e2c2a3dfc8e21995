//! Who comes to a proxy: blocking sockets that ask to be brought to a port of this machine.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Shutdown, TcpStream},
    time::Duration,
};

/// No proxy needs as long, be it busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// The longest answer to a request.
const HEAD: usize = 4096;

/// The first message of SOCKS5: there is nothing to prove.
pub(crate) const METHODS: &[u8] = &[5, 1, 0];

/// How a proxy is spoken to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Protocol {
    Http,
    Socks5,
}

/// How a proxy is reached.
#[derive(Clone, Copy)]
pub(crate) struct Way {
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
}

impl Protocol {
    /// What asks for a tunnel to that port, once it has been agreed on a method where there are any.
    pub(crate) fn request(self, to: u16) -> Vec<u8> {
        match self {
            Protocol::Http => {
                let host = format!("127.0.0.1:{to}");
                format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
            }
            Protocol::Socks5 => {
                let [high, low] = to.to_be_bytes();
                vec![5, 1, 0, 1, 127, 0, 0, 1, high, low]
            }
        }
    }
}

impl Way {
    /// A connection to the proxy that has said nothing yet.
    pub(crate) fn connect(self) -> io::Result<TcpStream> {
        let wire = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        wire.set_nodelay(true)?;
        wire.set_read_timeout(Some(PATIENCE))?;
        wire.set_write_timeout(Some(PATIENCE))?;
        Ok(wire)
    }

    /// A connection to the proxy over which half has been said of what a tunnel needs: all but the end of
    /// the head, or the first of two messages, for some proxies take none in parts.
    pub(crate) fn begin(self) -> io::Result<TcpStream> {
        let mut wire = self.connect()?;
        match self.protocol {
            Protocol::Http => {
                wire.write_all(b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: 127.0")?;
            }
            Protocol::Socks5 => agree_on_method(&mut wire)?,
        }
        Ok(wire)
    }

    /// A tunnel to that port, where nobody may speak first.
    pub(crate) fn open(self, to: u16) -> io::Result<TcpStream> {
        let mut wire = self.connect()?;
        match self.protocol {
            Protocol::Http => {
                wire.write_all(&self.protocol.request(to))?;
                let (head, more) = read_head(&mut wire)?;
                if !more.is_empty() {
                    return Err(io::Error::other("more came than the head"));
                }
                expect_success(&head)?;
            }
            Protocol::Socks5 => {
                agree_on_method(&mut wire)?;
                wire.write_all(&self.protocol.request(to))?;
                let mut answer = [0; 10];
                wire.read_exact(&mut answer)?;
                if answer[..2] != [5, 0] {
                    return Err(io::Error::other(format!("refused: {answer:?}")));
                }
            }
        }
        Ok(wire)
    }

    /// Opens a tunnel to an echo, hears one byte again, and waits for the end of it.
    pub(crate) fn visit(self, echo: u16) -> io::Result<()> {
        let mut wire = self.open(echo)?;
        hear_oneself(&mut wire)?;
        leave(wire)
    }
}

/// The first message of SOCKS5 and its answer.
fn agree_on_method(wire: &mut TcpStream) -> io::Result<()> {
    wire.write_all(METHODS)?;
    wire.read_exact(&mut [0; 2])
}

/// Says one byte and hears it.
pub(crate) fn hear_oneself(wire: &mut TcpStream) -> io::Result<()> {
    wire.write_all(b"x")?;
    let mut heard = [0];
    wire.read_exact(&mut heard)?;
    match &heard {
        b"x" => Ok(()),
        _ => Err(io::Error::other("another byte came back")),
    }
}

/// Says the end and waits for that of the other side.
pub(crate) fn leave(mut wire: TcpStream) -> io::Result<()> {
    wire.shutdown(Shutdown::Write)?;
    match wire.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(io::Error::other("more came than was said")),
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(()),
        Err(error) => Err(error),
    }
}

/// The head of a response, and what has come of its body.
pub(crate) fn read_head(wire: &mut TcpStream) -> io::Result<(String, Vec<u8>)> {
    const END: &[u8] = b"\r\n\r\n";
    let (mut heard, mut piece) = (Vec::new(), [0; HEAD]);
    loop {
        if let Some(at) = heard.windows(END.len()).position(|four| four == END) {
            let more = heard.split_off(at + END.len());
            return Ok((String::from_utf8_lossy(&heard).into_owned(), more));
        }
        match wire.read(&mut piece)? {
            0 => return Err(io::Error::other("it ended before its answer did")),
            _ if heard.len() > HEAD => return Err(io::Error::other("its answer is too long")),
            n => heard.extend_from_slice(&piece[..n]),
        }
    }
}

pub(crate) fn expect_success(head: &str) -> io::Result<()> {
    let line = head.lines().next().unwrap_or_default();
    match line.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(io::Error::other(format!("it answered {line:?}"))),
    }
}
