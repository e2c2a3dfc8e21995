//! `--checksum`: both sides say the same of the same bytes, and it is what others make of them.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::common::payload::{lines as text, noise, same};
use crate::common::setting::{directory, everywhere};
use crate::common::{Carrier, In, Told, told};
use crate::{both, lines, listening};

/// What `sha256sum` makes of it.
fn sha256(data: &[u8]) -> Told<String> {
    let mut command = Command::new("sha256sum");
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = told(child)?;
    if let Some(mut stdin) = child.stdin.take() {
        told(stdin.write_all(data))?;
    }
    let said = told(child.wait_with_output())?;
    let words = String::from_utf8_lossy(&said.stdout).into_owned();
    Ok(words.split(' ').next().unwrap_or_default().to_owned())
}

fn blake3(data: &[u8]) -> Told<String> {
    Ok(blake3::hash(data).to_hex().to_string())
}

fn sums(stderr: &str) -> Vec<String> {
    let mut sums = lines(stderr);
    sums.retain(|line| line.contains(" sha256 ") || line.contains(" blake3 "));
    sums
}

#[test]
fn both_sides_say_what_others_make_of_the_bytes() -> Told {
    type Hash = fn(&[u8]) -> Told<String>;
    let hashes: [(&str, Hash); 2] = [("sha256", sha256), ("blake3", blake3)];
    for (kind, hash) in hashes {
        for carrier in Carrier::BOTH {
            for ssl in [&[][..], &["--ssl"]] {
                if !ssl.is_empty() && cfg!(not(feature = "tls")) {
                    continue;
                }
                let dir = directory()?;
                let (path, into) = (dir.path().join("in"), dir.path().join("out"));
                let data = noise(1, 300_000);
                told(fs::write(&path, &data))?;
                let options = [ssl, &["--checksum", kind]].concat();
                let (mut caller, mut listener) = both(&into, (&options, &options), |program| {
                    program.stdin(In::File(path.clone())).carrier(carrier)
                })?;
                let (caller, listener) = (caller.ends_with(0)?, listener.ends_with(0)?);
                same("the file", &told(fs::read(&into))?, &data)?;
                let hash = hash(&data)?;
                let line = |what| format!("Ncat: {what} 300000 bytes, {kind} {hash}");
                let wanted = [line("sent"), line("received")];
                assert_eq!(sums(&caller.stderr), wanted, "the caller's {kind}");
                assert_eq!(sums(&listener.stderr), wanted, "the listener's {kind}");
            }
        }
    }
    Ok(())
}

#[test]
fn a_direction_that_is_closed_is_left_out() -> Told {
    everywhere(|setting| {
        let options = ["--checksum", "sha256", "--recv-only"];
        let mut scene = setting.meet(&options, |p| p)?;
        scene.peer().tx.push(b"abc");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        let wanted = format!("Ncat: received 3 bytes, sha256 {}", sha256(b"abc")?);
        assert_eq!(sums(&outcome.stderr), [wanted]);
        Ok(())
    })
}

#[test]
fn what_passes_is_hashed_behind_line_ends() -> Told {
    let dir = directory()?;
    let into = dir.path().join("out");
    let said = text(2, 10_000);
    let path = dir.path().join("in");
    told(fs::write(&path, &said))?;
    let wanted = String::from_utf8_lossy(&said).replace('\n', "\r\n");
    let options = ["--checksum", "blake3", "--crlf", "--send-only"];
    let listener = ["--checksum", "blake3", "--recv-only"];
    let (mut caller, mut listener) = both(&into, (&options, &listener), |program| {
        program.stdin(In::File(path.clone()))
    })?;
    let (caller, listener) = (caller.ends_with(0)?, listener.ends_with(0)?);
    let (length, hash) = (wanted.len(), blake3(wanted.as_bytes())?);
    let words = |what| format!("Ncat: {what} {length} bytes, blake3 {hash}");
    assert_eq!(sums(&caller.stderr), [words("sent")]);
    assert_eq!(sums(&listener.stderr), [words("received")]);
    Ok(())
}

#[test]
fn of_a_transfer_that_broke_what_was_handed_over_is_told() -> Told {
    everywhere(|setting| {
        let data = noise(3, 8_000_000);
        let options = ["--checksum", "sha256"];
        let mut scene = setting.meet(&options, |p| p.stdin(In::Pipe))?;
        scene.program.stdin.push(&data);
        scene.until("the peer has something", |s| {
            s.peer().rx.got.len() > 100_000
        })?;
        scene.peers.pop().expect("the scene has a peer").reset()?;
        let outcome = scene.ends_with(1)?;
        let sums = sums(&outcome.stderr);
        let sent = sums.first().ok_or("nothing was told")?;
        let bytes = sent.split(' ').nth(2).and_then(|n| n.parse::<usize>().ok());
        let bytes = bytes.ok_or_else(|| format!("no number of bytes in {sent:?}"))?;
        assert!(
            bytes > 100_000 && bytes < data.len(),
            "what was sent: {sent}"
        );
        let wanted = format!(
            "Ncat: sent {bytes} bytes, sha256 {}",
            sha256(&data[..bytes])?
        );
        assert_eq!(*sent, wanted);
        Ok(())
    })
}

#[test]
fn the_peers_of_programs_are_told_apart() -> Told {
    let options = ["-k", "-e", "/bin/cat", "--checksum", "sha256"];
    let (mut scene, place) = listening(&options, |p| p)?;
    let mut wanted = Vec::new();
    for said in ["one", "two more"] {
        scene.enter(&place)?;
        scene.peer().tx.push(said.as_bytes());
        scene.peer().tx.finish();
        scene.until("it is repeated", |s| s.peer().rx.ended())?;
        assert_eq!(scene.peer().rx.got, said.as_bytes());
        let name = scene.peer().local().map(|at| at.to_string());
        let name = name.ok_or("a peer without an address")?;
        let (length, hash) = (said.len(), sha256(said.as_bytes())?);
        for what in ["sent", "received"] {
            wanted.push(format!(
                "Ncat: {name}: {what} {length} bytes, sha256 {hash}"
            ));
        }
        let count = wanted.len();
        scene.until("it is told", |s| {
            sums(&s.program.stderr.text()).len() >= count
        })?;
    }
    assert_eq!(sums(&scene.program.stderr.text()), wanted);
    Ok(())
}
