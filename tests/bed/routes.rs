//! Loose source routes (`-g` and `-G`), through a router that follows them: what is on the line, and that it
//! leads there and back.

use std::net::Ipv4Addr;

use crate::common::payload::same;
use crate::common::scene::announced;
use crate::common::{In, Program, Scene, Told};
use crate::tap::Tap;
use crate::world::{Host, join};

/// The router has two addresses on the line to the caller, and one on the line to the listener.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 2);
const SECOND: Ipv4Addr = Ipv4Addr::new(10, 78, 0, 3);
const LISTENER: Ipv4Addr = Ipv4Addr::new(10, 79, 0, 1);

/// A caller, a router and a listener; only the router has a line to each of the others.
struct Net {
    caller: Host,
    router: Host,
    listener: Host,
}

impl Net {
    fn new() -> Told<Self> {
        let (caller, router, listener) = (Host::new()?, Host::new()?, Host::new()?);
        join((&caller, "line"), (&router, "left"))?;
        join((&listener, "line"), (&router, "right"))?;
        for host in [&caller, &router, &listener] {
            // Nobody follows such routes unless told, and none of the addresses may look strange.
            host.says(
                "for dir in /proc/sys/net/ipv4/conf/*; do \
                 echo 1 >$dir/accept_source_route; echo 0 >$dir/rp_filter; done; \
                 echo 1 >/proc/sys/net/ipv4/ip_forward",
            )?;
        }
        caller.says("ip addr add 10.78.0.1/24 dev line; ip route add default via 10.78.0.2")?;
        router.says(&format!(
            "ip addr add {FIRST}/24 dev left; ip addr add {SECOND}/24 dev left; \
             ip addr add 10.79.0.2/24 dev right"
        ))?;
        listener.says(&format!(
            "ip addr add {LISTENER}/24 dev line; ip route add default via 10.79.0.2"
        ))?;
        Ok(Self {
            caller,
            router,
            listener,
        })
    }
}

/// What a packet says about its route.
#[derive(Debug, PartialEq, Eq)]
struct Route {
    to: Ipv4Addr,
    /// Where the next hop stands, and the hops; none without the option.
    option: Option<(u8, Vec<Ipv4Addr>)>,
}

/// Reads the head of a packet of IPv4.
fn route_of(packet: &[u8]) -> Option<Route> {
    const END: u8 = 0;
    const NOTHING: u8 = 1;
    const LOOSE_ROUTE: u8 = 131;
    let address = |four: &[u8]| Some(Ipv4Addr::from(<[u8; 4]>::try_from(four).ok()?));
    let head = usize::from(packet.first()? & 15) * 4;
    let to = address(packet.get(16..20)?)?;
    let mut options = packet.get(20..head)?;
    let mut option = None;
    while let [kind, rest @ ..] = options {
        options = match *kind {
            END => break,
            NOTHING => rest,
            kind => {
                let (this, rest) = options.split_at_checked(usize::from(*rest.first()?))?;
                if kind == LOOSE_ROUTE {
                    let hops = this.get(3..)?.chunks(4).map(address);
                    let mut hops = hops.collect::<Option<Vec<_>>>()?;
                    // Linux puts the target in the last place; who leaves a place for it has it twice,
                    // as Nmap's ncat does, and that is the same way.
                    hops.dedup();
                    option = Some((*this.get(2)?, hops));
                }
                rest
            }
        };
    }
    Some(Route { to, option })
}

/// Whether it is the first packet from the caller, of this protocol.
fn is_call(packet: &[u8], protocol: u8) -> bool {
    const CALLER: [u8; 4] = [10, 78, 0, 1];
    let is_four = packet.first().is_some_and(|first| first >> 4 == 4);
    is_four && packet.get(9) == Some(&protocol) && packet.get(12..16) == Some(&CALLER)
}

/// Calls with these options; the router must see that route, and the two must hear each other.
fn takes(options: &[&str], udp: bool, to: Ipv4Addr, hops: &[Ipv4Addr]) -> Told {
    /// Where a next hop stands before any has been passed.
    const FIRST_HOP: u8 = 4;
    let net = Net::new()?;
    let (kind, protocol): (&[&str], u8) = if udp { (&["-u"], 17) } else { (&[], 6) };
    let there = [LISTENER.to_string(), "7777".into()];
    let there: Vec<&str> = there.iter().map(String::as_str).collect();
    let listens = Program::ncat([&["-l", "-v"], kind, &there].concat()).stdin(In::Pipe);
    let mut listener = Scene::of(net.listener.home_of(listens))?;
    announced(&mut listener, 1)?;
    let mut tap = Tap::at(&net.router)?;
    let calls = Program::ncat([&["-4"], kind, options, &there].concat()).stdin(In::Pipe);
    let mut caller = Scene::of(net.caller.home_of(calls))?;
    caller.program.stdin.push(b"hello\n");
    caller.until("it was taken", |s| s.program.stdin.is_done())?;
    let call = tap.next("from the caller", |p| is_call(p, protocol))?;
    let wanted = Route {
        to,
        option: Some((FIRST_HOP, hops.to_vec())),
    };
    match route_of(&call.bytes) {
        Some(route) if route == wanted => {}
        other => return Err(format!("{other:?} is on the line, not {wanted:?}")),
    }
    listener.until("the listener hears the caller", |s| {
        s.program.stdout.got == b"hello\n"
    })?;
    listener.program.stdin.push(b"world\n");
    listener.until("it was taken", |s| s.program.stdin.is_done())?;
    caller.until("the caller hears the listener", |s| {
        s.program.stdout.got.len() >= 6
    })?;
    same(
        "what the caller heard",
        &caller.program.stdout.got,
        b"world\n",
    )
}

const HOPS: &str = "10.78.0.2,10.78.0.3";

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn one_hop_is_passed() -> Told {
    for udp in [false, true] {
        takes(&["-g", "10.78.0.2"], udp, FIRST, &[LISTENER])?;
    }
    Ok(())
}

#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn hops_are_passed_in_their_order() -> Told {
    for udp in [false, true] {
        takes(&["-g", HOPS], udp, FIRST, &[SECOND, LISTENER])?;
        let one_by_one = ["-g", "10.78.0.2", "-g", "10.78.0.3"];
        takes(&one_by_one, udp, FIRST, &[SECOND, LISTENER])?;
    }
    Ok(())
}

/// Linux begins with the first hop of what it is given; so those count as passed that stand before the
/// pointer, and are left out.
#[test]
#[ignore = "needs the test bed: tests/bed/run"]
fn a_pointer_says_where_to_begin() -> Told {
    for udp in [false, true] {
        takes(&["-g", HOPS, "-G", "4"], udp, FIRST, &[SECOND, LISTENER])?;
        takes(&["-g", HOPS, "-G", "8"], udp, SECOND, &[LISTENER])?;
    }
    Ok(())
}
