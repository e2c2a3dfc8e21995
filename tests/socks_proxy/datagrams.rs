//! UDP ASSOCIATE: datagrams passed on for a client, and for nobody else.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::common::deadline::{USUAL, in_time};
use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::{Told, told};
use crate::scene::{Client, Proxy};
use crate::words::{ASSOCIATE, HELLO5, Socks, WELCOME5, named, nowhere, place, reply5, request5};

/// A socket of a client or of somebody elsewhere.
pub(crate) struct Post(UdpSocket);

impl Post {
    pub(crate) fn open() -> Told<Self> {
        Self::at(Ipv4Addr::LOCALHOST.into())
    }

    fn at(ip: IpAddr) -> Told<Self> {
        let socket = told(UdpSocket::bind((ip, 0)))?;
        told(socket.set_read_timeout(Some(USUAL)))?;
        Ok(Self(socket))
    }

    fn place(&self) -> Told<SocketAddr> {
        told(self.0.local_addr())
    }

    fn sends(&self, to: SocketAddr, bytes: &[u8]) -> Told {
        let sent = self.0.send_to(bytes, to);
        sent.map(drop)
            .map_err(|e| format!("{} bytes cannot be sent to {to}: {e}", bytes.len()))
    }

    /// The next datagram, and where it comes from.
    fn gets(&self) -> Told<(Vec<u8>, SocketAddr)> {
        let mut room = vec![0; 65_536];
        let came = self.0.recv_from(&mut room);
        let (n, from) = came.map_err(|e| format!("no datagram comes: {e}"))?;
        room.truncate(n);
        Ok((room, from))
    }

    /// Gets exactly this next; where it comes from.
    fn is_sent(&self, wanted: &[u8]) -> Told<SocketAddr> {
        let (came, from) = self.gets()?;
        same("the datagram", &came, wanted).map(|()| from)
    }

    /// Nothing has come that was not asked for.
    pub(crate) fn has_nothing(&self) -> Told {
        told(self.0.set_nonblocking(true))?;
        let came = self.0.recv_from(&mut [0; 1]);
        told(self.0.set_nonblocking(false))?;
        match came {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            other => Err(format!("there is something: {other:?}")),
        }
    }
}

/// A client whose datagrams are passed on.
pub(crate) struct Sender {
    control: Client,
    post: Post,
    /// Where they are to be sent to.
    relay: SocketAddr,
}

impl Sender {
    pub(crate) fn new(proxy: &Proxy) -> Told<Self> {
        Self::declaring(proxy, |_| nowhere())
    }

    /// Says where its datagrams will come from.
    fn declaring(proxy: &Proxy, from: impl Fn(SocketAddr) -> SocketAddr) -> Told<Self> {
        let post = Post::open()?;
        let request = request5(ASSOCIATE, &place(from(post.place()?)));
        let mut control = proxy.client_says(&[&HELLO5[..], &request].concat())?;
        control.hears(&WELCOME5)?;
        let reply = control.hear(10)?;
        let port = u16::from_be_bytes([reply[8], reply[9]]);
        let relay = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        same("the reply", &reply, &reply5(0, relay))?;
        Ok(Self {
            control,
            post,
            relay,
        })
    }

    fn sends(&self, to: SocketAddr, bytes: &[u8]) -> Told {
        self.sends_to(&place(to), bytes)
    }

    /// Sends to whatever is spelt like that.
    pub(crate) fn sends_to(&self, spelt: &[u8], bytes: &[u8]) -> Told {
        self.post.sends(self.relay, &wrapped(spelt, bytes))
    }

    /// Gets this next, from there.
    fn is_sent(&self, from: SocketAddr, bytes: &[u8]) -> Told {
        let came = self.post.is_sent(&wrapped(&place(from), bytes))?;
        match came == self.relay {
            true => Ok(()),
            false => Err(format!("it came from {came} instead of {}", self.relay)),
        }
    }

    /// Asks somebody and is answered; where that one was asked from.
    pub(crate) fn talks_with(&self, other: &Post) -> Told<SocketAddr> {
        let to = other.place()?;
        self.sends(to, b"question")?;
        let from = other.is_sent(b"question")?;
        other.sends(from, b"an answer")?;
        self.is_sent(to, b"an answer")?;
        Ok(from)
    }
}

/// A whole datagram in the words of SOCKS5.
fn wrapped(place: &[u8], bytes: &[u8]) -> Vec<u8> {
    [&[0, 0, 0][..], place, bytes].concat()
}

fn open(options: &[&str]) -> Told<Proxy> {
    Proxy::open(Socks::Five, options)
}

#[test]
fn datagrams_are_passed_on_and_answers_come_with_their_source() -> Told {
    let mut proxy = open(&["-4"])?;
    let sender = Sender::new(&proxy)?;
    let (one, other) = (Post::open()?, Post::open()?);
    for post in [&one, &other, &one] {
        sender.talks_with(post)?;
    }
    // Nothing is something, too.
    sender.sends(one.place()?, b"")?;
    let from = one.is_sent(b"")?;
    one.sends(from, b"")?;
    sender.is_sent(one.place()?, b"")?;
    let spelt = [
        named("localhost", one.place()?.port()),
        named("127.0.0.1", one.place()?.port()),
        place(([0, 0, 0, 0], one.place()?.port()).into()),
    ];
    for to in spelt {
        sender
            .post
            .sends(sender.relay, &wrapped(&to, b"to a name"))?;
        let from = one.is_sent(b"to a name")?;
        one.sends(from, b"from an address")?;
        sender.is_sent(one.place()?, b"from an address")?;
    }
    let name = sender.control.local()?;
    drop(sender);
    let (sent, received) = (3 * 8 + 3 * 9, 3 * 9 + 3 * 15);
    proxy.said(&format!(
        "{name} UDP ASSOCIATE: over, {sent} bytes sent, {received} bytes received in "
    ))?;
    proxy.is_as_before()
}

#[test]
fn datagrams_are_passed_on_to_ipv6_as_well() -> Told {
    let Ok(six) = Post::at(Ipv6Addr::LOCALHOST.into()) else {
        println!("SKIPPED: this machine has no IPv6");
        return Ok(());
    };
    let proxy = open(&[])?;
    let sender = Sender::new(&proxy)?;
    let four = Post::open()?;
    for post in [&six, &four, &six] {
        sender.talks_with(post)?;
    }
    // What is not of a family that may be used goes nowhere.
    let proxy = open(&["-4"])?;
    let sender = Sender::new(&proxy)?;
    sender.sends(six.place()?, b"not there")?;
    sender.talks_with(&four)?;
    six.has_nothing()
}

#[test]
fn strangers_cannot_send_through_somebody_elses_relay() -> Told {
    let proxy = open(&[])?;
    let target = Post::open()?;
    let to = target.place()?;
    let foreign = wrapped(&place(to), b"foreign");
    let strangers = [Post::open()?, Post::at([127, 0, 0, 2].into())?];
    for declares in [false, true] {
        let sender = Sender::declaring(&proxy, |own| match declares {
            true => own,
            false => nowhere(),
        })?;
        if declares {
            strangers[0].sends(sender.relay, &foreign)?;
        }
        strangers[1].sends(sender.relay, &foreign)?;
        sender.talks_with(&target)?;
        for stranger in &strangers {
            stranger.sends(sender.relay, &foreign)?;
        }
        sender.talks_with(&target)?;
    }
    target.has_nothing()?;
    strangers.iter().try_for_each(Post::has_nothing)
}

#[test]
fn strangers_outside_are_not_heard_before_they_have_been_sent_to() -> Told {
    let proxy = open(&[])?;
    let sender = Sender::new(&proxy)?;
    let (friend, stranger) = (Post::open()?, Post::open()?);
    let outside = sender.talks_with(&friend)?;
    let outside = SocketAddr::from((Ipv4Addr::LOCALHOST, outside.port()));
    stranger.sends(outside, b"hear me")?;
    friend.sends(outside, b"hear me")?;
    sender.is_sent(friend.place()?, b"hear me")?;
    sender.talks_with(&stranger)?;
    stranger.sends(outside, b"and now")?;
    sender.is_sent(stranger.place()?, b"and now")?;
    sender.post.has_nothing()
}

#[test]
fn parts_of_datagrams_and_what_makes_no_sense_is_dropped() -> Told {
    let proxy = open(&[])?;
    let sender = Sender::new(&proxy)?;
    let target = Post::open()?;
    let to = place(target.place()?);
    let whole = wrapped(&to, b"dropped");
    let mut dropped: Vec<Vec<u8>> = (0..10).map(|cut| whole[..cut].to_vec()).collect();
    for part in [1, 2, 127, 128, 255] {
        let mut datagram = whole.clone();
        datagram[2] = part;
        dropped.push(datagram);
    }
    dropped.push(wrapped(&[2, 127, 0, 0, 1, 0, 9], b"dropped"));
    dropped.push(wrapped(&named("", 9), b"dropped"));
    dropped.push(wrapped(&named("a b", 9), b"dropped"));
    for datagram in dropped {
        sender.post.sends(sender.relay, &datagram)?;
        sender.talks_with(&target)?;
    }
    target.has_nothing()?;
    sender.post.has_nothing()
}

#[test]
fn a_relay_ends_with_its_connection() -> Told {
    for resets in [false, true] {
        let mut proxy = open(&[])?;
        let mut sender = Sender::new(&proxy)?;
        let target = Post::open()?;
        sender.talks_with(&target)?;
        // Whatever is said there means nothing.
        sender.control.says(b"anything")?;
        sender.talks_with(&target)?;
        let Sender {
            control,
            post,
            relay,
        } = sender;
        match resets {
            true => control.reset()?,
            false => drop(control),
        }
        let how = if resets { "broken off: " } else { "over, " };
        proxy.said(&format!(" UDP ASSOCIATE: {how}"))?;
        proxy.is_as_before()?;
        told(post.0.connect(relay))?;
        told(post.0.send(b"anybody there?"))?;
        match post.0.recv(&mut [0; 1]) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
            other => return Err(format!("the port still answers: {other:?}")),
        }
    }
    Ok(())
}

#[test]
fn where_nobody_may_go_no_datagram_goes() -> Told {
    let (open_one, closed) = (Post::open()?, Post::open()?);
    let (to, port) = (closed.place()?, closed.place()?.port());
    let deny = format!("127.0.0.1:{port}");
    let name = format!("localhost:{port}");
    let allow = format!("127.0.0.1:{}", open_one.place()?.port());
    let cases = [
        ["--proxy-deny", &deny],
        ["--proxy-allow", &allow],
        ["--proxy-deny", &name],
    ];
    for options in cases {
        let mut proxy = open(&[&options[..], &["-4"]].concat())?;
        let sender = Sender::new(&proxy)?;
        let (denied, allowed) = ("localhost", open_one.place()?);
        // A name takes its time, so that those of the first rounds have been judged by the last.
        for _ in 0..10 {
            sender.sends_to(&named(denied, port), b"denied")?;
            sender.sends_to(&named("LOCALHOST", port), b"denied")?;
            if options[1] != name {
                sender.sends(to, b"denied")?;
            }
            sender.sends_to(&named("localhost", allowed.port()), b"allowed")?;
            open_one.is_sent(b"allowed")?;
            sender.talks_with(&open_one)?;
        }
        closed.has_nothing()?;
        drop(sender);
        proxy.is_as_before()?;
    }
    Ok(())
}

#[test]
fn large_datagrams_pass_both_ways() -> Told {
    let proxy = open(&[])?;
    let sender = Sender::new(&proxy)?;
    let target = Post::open()?;
    for size in [1, 1_472, 9_000, 40_000, 65_000] {
        let (up, down) = (noise(size as u64, size), noise(size as u64 + 1, size));
        sender.sends(target.place()?, &up)?;
        let from = target.is_sent(&up)?;
        target.sends(from, &down)?;
        sender.is_sent(target.place()?, &down)?;
    }
    // What is larger with its wrapping than a datagram can be is lost, and nothing else.
    let largest = noise(1, 65_507);
    let from = sender.talks_with(&target)?;
    target.sends(from, &largest)?;
    sender.talks_with(&target).map(drop)
}

#[test]
fn two_thousand_datagrams_pass_both_ways() -> Told {
    const WINDOW: u32 = 25;
    let mut proxy = open(&[])?;
    let sender = Sender::new(&proxy)?;
    let target = Post::open()?;
    let to = target.place()?;
    let said = |nth: u32| [&nth.to_be_bytes()[..], &noise(nth.into(), 996)].concat();
    for window in (0..2_000).step_by(WINDOW as usize) {
        let all = window..window + WINDOW;
        for nth in all.clone() {
            sender.sends(to, &said(nth))?;
        }
        for nth in all.clone() {
            let from = target.is_sent(&said(nth))?;
            target.sends(from, &said(nth))?;
        }
        for nth in all {
            sender.is_sent(to, &said(nth))?;
        }
    }
    drop(sender);
    proxy.said(" UDP ASSOCIATE: over, 2000000 bytes sent, 2000000 bytes received in ")
}

#[test]
fn a_relay_lasts_as_long_as_datagrams_pass() -> Told {
    const IDLE: Duration = Duration::from_millis(800);
    in_time(IDLE / 2, |watch| {
        let mut proxy = open(&["-i", "800ms"])?;
        let mut sender = Sender::new(&proxy)?;
        let target = Post::open()?;
        let begun = Instant::now();
        while begun.elapsed() < 2 * IDLE {
            watch.begin();
            sender.talks_with(&target)?;
            watch.end();
        }
        sender.control.hears_last(b"")?;
        proxy.said(" UDP ASSOCIATE: Idle timeout expired")?;
        proxy.is_as_before()
    })
}

#[test]
fn two_hundred_relays_at_once_leave_nothing_behind() -> Told {
    let mut proxy = open(&["-m", "300"])?;
    let target = Post::open()?;
    let mut senders = Vec::new();
    for _ in 0..200 {
        let sender = Sender::new(&proxy)?;
        sender.talks_with(&target)?;
        senders.push(sender);
    }
    let relays: BTreeSet<_> = senders.iter().map(|sender| sender.relay).collect();
    if relays.len() != senders.len() {
        return Err("two have the same relay".into());
    }
    for sender in &senders {
        sender.talks_with(&target)?;
    }
    drop(senders);
    proxy.is_as_before()?;
    let sender = Sender::new(&proxy)?;
    sender.talks_with(&target).map(drop)
}

#[test]
fn whoever_is_not_there_stops_nobody_else() -> Told {
    let case = |name, closed: bool| {
        Case::new(name, move || {
            let proxy = open(&[])?;
            let sender = Sender::new(&proxy)?;
            let gone = Post::open()?;
            let (to, target) = (gone.place()?, Post::open()?);
            if closed {
                drop(gone);
            }
            // Each refusal is told with the next call at the relay's socket.
            for _ in 0..20 {
                sender.sends(to, b"anybody there?")?;
                sender.talks_with(&target)?;
            }
            Ok(())
        })
    };
    all_hold(&[
        case("a port where nobody is", true),
        case("one that says nothing", false),
    ])
}
