//! Scripts whose peers send datagrams.

use std::net::UdpSocket;

use crate::Script;
use crate::common::deadline::USUAL;
use crate::common::payload::same;
use crate::common::scene::announced;
use crate::common::{Program, Scene, Told, told};

fn socket() -> Told<UdpSocket> {
    let socket = told(UdpSocket::bind("127.0.0.1:0"))?;
    told(socket.set_read_timeout(Some(USUAL)))?;
    Ok(socket)
}

/// A server of datagrams that runs the script for each sender.
fn server(script: &Script) -> Told<(Scene, String)> {
    let words = [
        "-l",
        "-k",
        "-u",
        "-v",
        "--lua-exec",
        script.word(),
        "127.0.0.1",
        "0",
    ];
    let mut scene = Scene::of(Program::ncat(words))?;
    let place = announced(&mut scene, 1)?.remove(0);
    Ok((scene, place))
}

fn answer(socket: &UdpSocket) -> Told<Vec<u8>> {
    let mut room = vec![0; 70_000];
    let size = told(socket.recv(&mut room))?;
    room.truncate(size);
    Ok(room)
}

#[test]
fn what_a_script_says_together_is_one_datagram() -> Told {
    let script =
        Script::new("io.write(io.read(), '\\n') io.write(os.getenv('NCAT_PROTO'), '\\nend\\n')")?;
    let (_scene, place) = server(&script)?;
    let socket = socket()?;
    told(socket.send_to(b"hello\n", place))?;
    same("the answer", &answer(&socket)?, b"hello\nUDP\nend\n")
}

#[test]
fn a_script_decides_when_a_datagram_is_complete() -> Told {
    let text =
        "for line in io.lines() do io.write('you said\\n') io.write(line, '\\n') io.flush() end";
    let script = Script::new(text)?;
    let (_scene, place) = server(&script)?;
    let socket = socket()?;
    for line in ["one", "two"] {
        told(socket.send_to(format!("{line}\n").as_bytes(), &place))?;
        let wanted = format!("you said\n{line}\n");
        same("the answer", &answer(&socket)?, wanted.as_bytes())?;
    }
    Ok(())
}

#[test]
fn a_script_can_be_the_one_that_sends_the_first_datagram() -> Told {
    let script = Script::new("io.write('ask') io.flush() print('heard ' .. io.read()) io.read()")?;
    let socket = socket()?;
    let port = told(socket.local_addr())?.port().to_string();
    let words = ["-u", "--lua-exec", script.word(), "127.0.0.1", &port];
    let _scene = Scene::of(Program::ncat(words))?;
    let mut room = [0; 64];
    let (size, from) = told(socket.recv_from(&mut room))?;
    same("the question", &room[..size], b"ask")?;
    told(socket.send_to(b"42\nbye\n", from))?;
    same("what it heard", &answer(&socket)?, b"heard 42\n")
}
