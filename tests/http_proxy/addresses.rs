//! Where the proxy listens, and which addresses of a target are tried.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};

use crate::common::deadline::USUAL;
use crate::common::{Place, Told};
use crate::house::{CONNECTED, House};

#[test]
fn nobody_is_served_at_another_address_than_was_said() -> Told {
    for (bound, others) in [
        ("127.0.0.1", &["127.0.0.2", "::1"][..]),
        ("127.0.0.2", &["127.0.0.1", "::1"]),
        ("::1", &["127.0.0.1", "127.0.0.2"]),
    ] {
        if bound == "::1" && !has_ipv6() {
            continue;
        }
        let mut house = House::at(bound, &[], |p| p)?;
        let client = house.client()?;
        house.serves(client)?;
        for other in others {
            let ip: IpAddr = other.parse().map_err(|e| format!("{other}: {e}"))?;
            let at = SocketAddr::new(ip, house.own_port());
            if TcpStream::connect_timeout(&at, USUAL).is_ok() {
                return Err(format!("a proxy for {bound} answers at {at}"));
            }
        }
    }
    Ok(())
}

fn has_ipv6() -> bool {
    let has = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    if !has {
        println!("SKIPPED: this machine has no IPv6");
    }
    has
}

#[test]
fn every_address_of_a_name_is_tried() -> Told {
    let found = ("localhost", 1).to_socket_addrs();
    let found: Vec<SocketAddr> = found.map_or_else(|_| Vec::new(), Iterator::collect);
    let mut tried = 0;
    for ip in [
        IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ] {
        if !found.iter().any(|address| address.ip() == ip) {
            println!("SKIPPED: {ip} is not called localhost here");
            continue;
        }
        tried += 1;
        let origin = Place::Tcp(SocketAddr::new(ip, 0)).open()?;
        let mut house = House::open(&[])?;
        let port = crate::house::port(&origin.place);
        let client = house.asks(&format!("CONNECT localhost:{port} HTTP/1.1\r\n\r\n"))?;
        let heard = house.heard(client, CONNECTED);
        heard.map_err(|e| format!("a listener at {ip} only: {e}"))?;
    }
    match tried {
        0 => Err("localhost has no address at all".into()),
        _ => Ok(()),
    }
}

#[test]
fn an_origin_is_reached_by_the_sixth_version_as_well() -> Told {
    if !has_ipv6() {
        return Ok(());
    }
    let mut house = House::open(&[])?;
    house.origin = Place::Tcp((Ipv6Addr::LOCALHOST, 0).into()).open()?;
    let port = house.port();
    let client = house.asks(&format!("CONNECT [::1]:{port} HTTP/1.1\r\n\r\n"))?;
    house.met()?;
    house.heard(client, CONNECTED)?;
    house.asks(&format!("GET http://[0:0::1]:{port}/x HTTP/1.1\r\n\r\n"))?;
    let origin = house.met()?;
    let wanted = format!("GET /x HTTP/1.1\r\nHost: [::1]:{port}\r\nConnection: close\r\n\r\n");
    house.heard(origin, wanted.as_bytes())
}
