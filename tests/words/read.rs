//! Lines of JSON as a strict reader understands them.

use ncat::say::EVENTS;
use serde_json::{Map, Value};
use socket2::{Domain, Socket, Type};

use crate::common::{Deadline, In, Place, Program, Scene, Told, proc_net, told};

/// One event.
pub(crate) type Object = Map<String, Value>;

/// What every event has.
const ALWAYS: [&str; 4] = ["time", "event", "level", "text"];

/// All events that were told, each checked against the table that users have.
pub(crate) fn objects(text: &str) -> Told<Vec<Object>> {
    let whole = text.is_empty() || text.ends_with('\n');
    if !whole {
        return Err(format!("the last line has no end: {text:?}"));
    }
    text.lines().map(object).collect()
}

fn object(line: &str) -> Told<Object> {
    let read = serde_json::from_str(line);
    let object: Object = read.map_err(|e| format!("{e} in the line {line:?}"))?;
    for name in ALWAYS {
        if !object.get(name).is_some_and(Value::is_string) {
            return Err(format!("there is no {name} in {line}"));
        }
    }
    let level = word(&object, "level");
    if !["error", "warning", "info", "debug"].contains(&level) {
        return Err(format!("{level} is no level, in {line}"));
    }
    let (_, fields) = EVENTS
        .iter()
        .find(|(event, _)| *event == word(&object, "event"))
        .ok_or_else(|| format!("nobody was told of such an event: {line}"))?;
    let known = |name: &str| ALWAYS.contains(&name) || fields.contains(&name) || name == "hint";
    match object.keys().find(|name| !known(name)) {
        Some(name) => Err(format!("nobody was told of the field {name}: {line}")),
        None => Ok(object),
    }
}

/// The words in a field; empty if there are none.
pub(crate) fn word<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A program that speaks to machines, with what it says at the most.
pub(crate) fn speaking(args: &[&str]) -> Program {
    let usual = ["--log-format", "json", "-vv"];
    Program::ncat(usual.iter().chain(args))
}

/// A server that speaks to machines, and where it is.
pub(crate) fn serving(args: &[&str]) -> Told<(Scene, Place)> {
    let usual = ["-l", "-k", "127.0.0.1", "0"];
    let args: Vec<&str> = usual.iter().chain(args).copied().collect();
    let mut scene = Scene::of(speaking(&args).stdin(In::Pipe))?;
    let port = proc_net::tcp_port_of(&mut scene.program, Deadline::usual())?;
    Ok((scene, Place::local(port)))
}

/// Waits until a program has told of that event.
pub(crate) fn tells(scene: &mut Scene, event: &str) -> Told {
    let wanted = format!("\"event\":\"{event}\"");
    scene.until(&format!("it told of {event}"), |s| {
        let said = s.program.stderr.text();
        said.split_inclusive('\n')
            .any(|line| line.contains(&wanted) && line.ends_with('\n'))
    })
}

/// All that a program has told by now, in whole lines.
pub(crate) fn told_by_now(scene: &Scene) -> Told<Vec<Object>> {
    let text = scene.program.stderr.text();
    let end = text.rfind('\n').map_or(0, |at| at + 1);
    objects(&text[..end])
}

/// A port of 127.0.0.1 that nobody listens at, for as long as the socket lives.
pub(crate) fn closed_port() -> Told<(Socket, String)> {
    let socket = told(Socket::new(Domain::IPV4, Type::STREAM, None))?;
    told(socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()))?;
    let at = told(socket.local_addr())?.as_socket();
    let port = at.ok_or("the socket has no address")?.port();
    Ok((socket, port.to_string()))
}
