//! Data that goes with the first packet.

use crate::common::{In, Program, Scene, Told, told};
use crate::net::{Net, can, pair};
use crate::{client, listener, says, tells};

const BOTH: &str = "echo 3 >/proc/sys/net/ipv4/tcp_fastopen";

/// How many connections began with data, as the system of the client counts them.
fn begun(net: &Net) -> Told<String> {
    net.sh("nstat -asz TcpExtTCPFastOpenActive | awk '/FastOpen/ { print $2 }'")
}

/// A client that has been there before: only then does data go with the first packet.
fn acquainted(net: &Net, server: &mut Scene, args: &[&str]) -> Told {
    let mut first = client(net, args)?;
    says(&mut first, server, "first\n")?;
    first.program.stdin.finish();
    first.ends_with(0)?;
    Ok(())
}

#[test]
fn what_is_said_goes_first_and_arrives_however_late_the_peer_answers() -> Told {
    if !can() {
        return Ok(());
    }
    for more in [&[][..], &["--send-only"]] {
        let (near, far) = pair()?;
        near.sh(BOTH)?;
        far.sh(BOTH)?;
        let (mut server, port) = listener(&far, &["-4", "-k", "--fastopen", "0"])?;
        let port = port.to_string();
        let args = [more, &["--fastopen", "10.1.0.2", &port]].concat();
        acquainted(&near, &mut server, &args)?;
        let file = told(tempfile::NamedTempFile::new())?;
        told(std::fs::write(&file, "second\n"))?;
        let stdin = In::File(file.path().into());
        let program = near.with(Program::ncat(&args).stdin(stdin));
        Scene::of(program)?.ends_with(0)?;
        assert_eq!(begun(&near)?.trim(), "1", "{more:?}: begun with data");
        // Nobody answers before the sender has said all and ended.
        far.sh("ip link set v1 down")?;
        let mut late = client(&near, &args)?;
        late.program.stdin.push(b"third\n");
        late.program.stdin.finish();
        late.until("stdin was taken", |s| s.program.stdin.is_done())?;
        let waits = format!("ss -Htn state syn-sent dport = :{port}");
        near.until(&waits, |text| !text.is_empty())?;
        far.sh("ip link set v1 up")?;
        server.until("all arrives", |s| {
            s.program.stdout.got == b"first\nsecond\nthird\n"
        })?;
        late.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn a_peer_that_speaks_first_is_opened_without_data() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    net.sh(BOTH)?;
    let echo = [
        "-k",
        "--fastopen",
        "127.0.0.1",
        "0",
        "-c",
        "echo banner; cat",
    ];
    let (_server, port) = listener(&net, &echo)?;
    let port = port.to_string();
    let args = ["--fastopen", "127.0.0.1", &port];
    for stdin in [In::Pipe, In::Pipe, In::Null] {
        let mut client = Scene::of(net.with(Program::ncat(args).stdin(stdin)))?;
        client.until("the banner comes", |s| s.program.stdout.got == b"banner\n")?;
        client.program.stdin.finish();
        client.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn who_refuses_data_is_told_of_as_one_who_refuses() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    net.sh(BOTH)?;
    let (mut server, port) = listener(&net, &["-k", "--fastopen", "127.0.0.1", "0"])?;
    let port = port.to_string();
    let args = ["--fastopen", "127.0.0.1", &port];
    acquainted(&net, &mut server, &args)?;
    drop(server);
    for stdin in [In::Pipe, In::Null] {
        let mut client = Scene::of(net.with(Program::ncat(args).stdin(stdin)))?;
        client.program.stdin.push(b"lost\n");
        client.program.stdin.finish();
        let words = client.ends_with(1)?.stderr;
        assert_eq!(words, "Ncat: Connection refused.\n");
    }
    Ok(())
}

#[test]
fn a_system_that_has_it_turned_off_is_told_of() -> Told {
    if !can() {
        return Ok(());
    }
    let net = Net::new()?;
    net.sh("echo 0 >/proc/sys/net/ipv4/tcp_fastopen")?;
    let words = client(&net, &["--fastopen", "127.0.0.1", "1"])?
        .ends_with(1)?
        .stderr;
    assert_eq!(words, "Ncat: fast open: Operation not supported.\n");
    let (mut server, _) = listener(&net, &["--fastopen", "127.0.0.1", "0"])?;
    tells(&mut server, "Warning: --fastopen has no effect")
}
