//! Loose source routes, between networks that know no other way to each other.

use crate::common::Told;
use crate::net::{Net, can};
use crate::{client, listener, says, tells};

/// Three networks in a row: 10.1.0.1, a router at 10.1.0.2 and 10.2.0.1, and 10.2.0.2. They take source
/// routes.
fn row() -> Told<[Net; 3]> {
    let (a, b, c) = (Net::new()?, Net::new()?, Net::new()?);
    a.cable("v0", "10.1.0.1/24", &b, "v1", "10.1.0.2/24")?;
    b.cable("w0", "10.2.0.1/24", &c, "w1", "10.2.0.2/24")?;
    for net in [&a, &b, &c] {
        net.sh(
            "for f in /proc/sys/net/ipv4/conf/*/accept_source_route; do echo 1 >$f; done; \
             for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$f; done; \
             echo 1 >/proc/sys/net/ipv4/ip_forward",
        )?;
    }
    Ok([a, b, c])
}

#[test]
fn a_route_leads_where_nothing_else_does() -> Told {
    if !can() {
        return Ok(());
    }
    let [a, _b, c] = row()?;
    let cases: [&[&str]; 5] = [
        &["-g", "10.1.0.2"],
        &["-g", "10.1.0.2,10.2.0.1"],
        &["-g", "10.1.0.2", "-g", "10.2.0.1"],
        &["-g", "192.0.2.1,10.1.0.2", "-G", "8"],
        &["-g", "10.1.0.2", "-G", "4", "-s", "10.1.0.1", "-p", "4444"],
    ];
    for args in cases {
        let (mut server, port) = listener(&c, &["10.2.0.2", "0"])?;
        let port = port.to_string();
        let told = client(&a, &["-4", "10.2.0.2", &port])?.ends_with(1)?.stderr;
        assert_eq!(told, "Ncat: Network is unreachable.\n", "without -g");
        let mut client = client(&a, &[args, &["-4", "10.2.0.2", &port]].concat())?;
        says(&mut client, &mut server, "there\n")?;
        says(&mut server, &mut client, "and back\n")?;
        if args.contains(&"-p") {
            tells(&mut server, "Connection from 10.1.0.1:4444.")?;
        }
    }
    Ok(())
}

#[test]
fn datagrams_take_a_route_instead_of_the_usual_way() -> Told {
    if !can() {
        return Ok(());
    }
    let [a, _b, c] = row()?;
    // The usual way is there, and leads nowhere.
    a.sh("ip route add 10.2.0.0/24 via 10.1.0.99")?;
    c.sh("ip route add 10.1.0.0/24 via 10.2.0.1")?;
    let (mut server, port) = listener(&c, &["-u", "10.2.0.2", "0"])?;
    let port = port.to_string();
    let mut client = client(&a, &["-u", "-4", "-g", "10.1.0.2", "10.2.0.2", &port])?;
    says(&mut client, &mut server, "there\n")
}
