//! Link-local addresses, which mean something together with an interface.

use crate::common::Told;
use crate::net::{Net, can};
use crate::{client, listener, says, tells};

#[test]
fn the_interface_of_an_address_may_have_a_name_or_a_number_wherever_it_stands() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    net.sh("ip addr add fe80::1/64 dev lo nodad")?;
    for host in ["fe80::1%lo", "fe80::1%1", "[fe80::1%lo]"] {
        let (mut server, port) = listener(&net, &[host, "0"])?;
        let port = port.to_string();
        let mut client = client(&net, &["-v", "-s", host, host, &port])?;
        says(&mut client, &mut server, "hello\n")?;
        tells(&mut client, &format!("Connected to [fe80::1%lo]:{port}."))?;
        tells(&mut server, "Connection from [fe80::1%lo]:")?;
    }
    Ok(())
}

#[test]
fn an_address_of_no_interface_or_one_that_is_not_there_says_so() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    for (args, status, wanted) in [
        (
            &["fe80::1%none0", "1"][..],
            2,
            "Could not resolve hostname \"fe80::1%none0\": there is no interface \"none0\". QUITTING.",
        ),
        (
            &["-l", "fe80::1%none0"],
            2,
            "Could not resolve hostname \"fe80::1%none0\": there is no interface \"none0\". QUITTING.",
        ),
        (&["fe80::1", "1"], 1, "Invalid argument."),
    ] {
        let told = client(&net, args)?.ends_with(status)?.stderr;
        assert_eq!(told, format!("Ncat: {wanted}\n"), "{args:?}");
    }
    Ok(())
}
