//! HTTP proxies that ask who is there: nothing is told before it is asked for, and never more than is
//! needed.

use std::process::Command;

use crate::common::{Door, In, Program, Scene, Told, told};
use crate::kits::{Kind, NAME, brought, connect, door, ends_saying, heard, ncat, serving};
use crate::people::{hear, holds, port_of, say, words};

const ASKED: &str = "CONNECT target.example:80 HTTP/1.0\r\n";
const REFUSED: &str = "Ncat: Proxy returned status code 407.\n";
/// `user:pass`
const BASIC: &str = "Proxy-Authorization: Basic dXNlcjpwYXNz\r\n";

/// Our program, asked for a name in these words.
fn is_asked(options: &[&str], fields: &str, door: &Door) -> Told<Scene> {
    is_asked_as(options, fields, door, |program| program)
}

fn is_asked_as(
    options: &[&str],
    fields: &str,
    door: &Door,
    dress: impl FnOnce(Program) -> Program,
) -> Told<Scene> {
    let way = Kind::Http.to(&door.place);
    let program = Program::ncat(words(&[&way, &words(&[options, &[NAME, "80"]])]));
    let mut scene = Scene::of(dress(program.stdin(In::Pipe)))?;
    scene.admit(door)?;
    heard(&mut scene, connect(NAME, 80).as_bytes())?;
    let answer = format!("HTTP/1.1 407 Who are you\r\n{fields}\r\nbody");
    scene.peer().tx.push(answer.as_bytes());
    Ok(scene)
}

/// What the next request carries besides its first line.
fn next_request(scene: &mut Scene, door: &Door) -> Told<String> {
    scene.until("the first connection is given up", |s| s.peer().rx.ended())?;
    scene.admit(door)?;
    scene.until("it asks again", |s| {
        s.peer().rx.text().ends_with("\r\n\r\n")
    })?;
    let text = scene.peer().rx.text();
    let fields = text
        .strip_prefix(ASKED)
        .and_then(|rest| rest.strip_suffix("\r\n"));
    fields
        .map(str::to_owned)
        .ok_or(format!("it asks so: {text:?}"))
}

fn is_welcome(scene: &mut Scene) -> Told {
    scene.peer().tx.push(b"HTTP/1.1 200 OK\r\n\r\n");
    scene.peer().rx.got.clear();
    say(scene, "there\n")?;
    hear(scene, "and back\n")?;
    match scene.program.stdout.text() == "and back\n" {
        true => Ok(()),
        false => Err(format!("stdout has {:?}", scene.program.stdout.text())),
    }
}

#[test]
fn a_name_is_told_on_a_new_connection_once_it_is_asked_for() -> Told {
    let ways = [
        "Proxy-Authenticate: Basic realm=\"x\"\r\n",
        "proxy-authenticate: bAsIc REALM=x\r\n",
        "Proxy-Authenticate: Negotiate, Basic realm=\"x\"\r\n",
        "Proxy-Authenticate: Negotiate\r\nProxy-Authenticate: Basic realm=\"x\", charset=\"UTF-8\"\r\n",
        // A kind of Digest that nobody knows is no way.
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=SHA-9, Basic realm=\"x\"\r\n",
    ];
    for way in ways {
        let door = door()?;
        let mut scene = is_asked(&["--proxy-auth", "user:pass"], way, &door)?;
        let fields = next_request(&mut scene, &door)?;
        if fields != BASIC {
            return Err(format!("to {way:?} it says {fields:?}"));
        }
        is_welcome(&mut scene)?;
    }
    Ok(())
}

#[test]
fn the_environment_tells_who_we_are_unless_the_command_line_does() -> Told {
    let way = "Proxy-Authenticate: Basic realm=\"x\"\r\n";
    let cases: [(&[&str], &str); 2] = [
        (&[], "user:pass"),
        (&["--proxy-auth", "user:pass"], "somebody:else"),
    ];
    for (options, value) in cases {
        let door = door()?;
        let dress = |program: Program| program.env("NCAT_PROXY_AUTH", value);
        let mut scene = is_asked_as(options, way, &door, dress)?;
        let fields = next_request(&mut scene, &door)?;
        if fields != BASIC {
            return Err(format!("it says {fields:?}"));
        }
        is_welcome(&mut scene)?;
    }
    Ok(())
}

/// Hashes as openssl makes them.
fn hash(kind: &str, text: &str) -> Told<String> {
    let script = "printf %s \"$1\" | openssl dgst -r \"$2\" | cut -d' ' -f1";
    let mut shell = Command::new("/bin/sh");
    let done = shell.args(["-c", script, "sh", text, kind]).output();
    Ok(String::from_utf8_lossy(&told(done)?.stdout)
        .trim()
        .to_owned())
}

/// What a parameter of a field says, without quotes.
fn param<'a>(field: &'a str, name: &str) -> Option<&'a str> {
    let value = field.split(", ").find_map(|one| {
        let one = one
            .strip_prefix("Proxy-Authorization: Digest ")
            .unwrap_or(one);
        one.strip_prefix(name)?.strip_prefix('=')
    })?;
    Some(value.trim().trim_matches('"'))
}

#[test]
fn digest_is_preferred_and_is_right() -> Told {
    if !crate::papers::has("openssl") {
        return Ok(());
    }
    let md5 = "Digest realm=\"r, \\\"x\", nonce=\"n1\", qop=\"auth\", opaque=\"o\"";
    let named = "Digest realm=\"r\", nonce=\"n2\", qop=\"auth-int,auth\", algorithm=MD5";
    let sha = "Digest realm=\"r\", nonce=\"n3\", qop=\"auth\", algorithm=SHA-256";
    let old = "Digest realm=\"r\", nonce=\"n4\"";
    let basic = "Basic realm=\"r\"";
    // What is offered, in this order; the nonce, hash and order of names that are to be taken.
    let cases: [(&[&str], &str, &str, &str); 7] = [
        (
            &[named],
            "n2",
            "-md5",
            "username realm nonce uri algorithm qop cnonce nc response",
        ),
        (
            &[basic, md5],
            "n1",
            "-md5",
            "username realm nonce uri qop cnonce nc response opaque",
        ),
        (&[old], "n4", "-md5", "username realm nonce uri response"),
        (
            &[sha],
            "n3",
            "-sha256",
            "username realm nonce uri algorithm qop cnonce nc response",
        ),
        (
            &[md5, sha],
            "n3",
            "-sha256",
            "username realm nonce uri algorithm qop cnonce nc response",
        ),
        (
            &[sha, named, basic],
            "n3",
            "-sha256",
            "username realm nonce uri algorithm qop cnonce nc response",
        ),
        (
            &[basic, sha],
            "n3",
            "-sha256",
            "username realm nonce uri algorithm qop cnonce nc response",
        ),
    ];
    for (ways, nonce, kind, order) in cases {
        for joined in [false, true] {
            let fields = match joined {
                true => format!("Proxy-Authenticate: {}\r\n", ways.join(", ")),
                false => ways
                    .iter()
                    .map(|way| format!("Proxy-Authenticate: {way}\r\n"))
                    .collect(),
            };
            let door = door()?;
            let mut scene = is_asked(&["--proxy-auth", "user:pass"], &fields, &door)?;
            let said = next_request(&mut scene, &door)?;
            // The comma in a realm is within quotes.
            let plain = said.replace("r, \\\"x", "R");
            let names: Vec<_> = plain
                .trim_start_matches("Proxy-Authorization: Digest ")
                .split(", ")
                .filter_map(|one| Some(one.split_once('=')?.0))
                .collect();
            if names.join(" ") != order {
                return Err(format!("{fields:?}: {said:?}"));
            }
            let of = |name| param(&plain, name).unwrap_or_default();
            let realm = if nonce == "n1" { "r, \"x" } else { "r" };
            let a1 = hash(kind, &format!("user:{realm}:pass"))?;
            let a2 = hash(kind, &format!("CONNECT:{NAME}:80"))?;
            let counted = match of("qop") {
                "" => format!("{nonce}:"),
                qop => format!("{nonce}:{}:{}:{qop}:", of("nc"), of("cnonce")),
            };
            let right = hash(kind, &format!("{a1}:{counted}{a2}"))?;
            if of("response") != right || of("nonce") != nonce || of("uri") != format!("{NAME}:80")
            {
                return Err(format!(
                    "{fields:?} is answered with {said:?}; {right} is right"
                ));
            }
            is_welcome(&mut scene)?;
        }
    }
    Ok(())
}

#[test]
fn who_is_refused_twice_is_refused() -> Told {
    let ways = [
        "Proxy-Authenticate: Basic realm=\"x\"\r\n",
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n",
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\", stale=true\r\n",
    ];
    for way in ways {
        let door = door()?;
        let mut scene = is_asked(&["--proxy-auth", "user:pass"], way, &door)?;
        next_request(&mut scene, &door)?;
        let again = format!("HTTP/1.1 407 No\r\n{way}\r\n");
        scene.peer().tx.push(again.as_bytes());
        ends_saying(&mut scene, 1, REFUSED)?;
    }
    Ok(())
}

#[test]
fn a_nonce_that_is_too_old_is_renewed_once() -> Told {
    let way = |nonce: &str, stale: &str| {
        format!(
            "Proxy-Authenticate: Digest realm=\"x\", nonce=\"{nonce}\", qop=\"auth\"{stale}\r\n"
        )
    };
    let door = door()?;
    let mut scene = is_asked(&["--proxy-auth", "user:pass"], &way("first", ""), &door)?;
    next_request(&mut scene, &door)?;
    let again = format!("HTTP/1.1 407 No\r\n{}\r\n", way("second", ", stale=true"));
    scene.peer().tx.push(again.as_bytes());
    let fields = next_request(&mut scene, &door)?;
    holds("the third request", &fields, "nonce=\"second\"")?;
    let again = format!("HTTP/1.1 407 No\r\n{}\r\n", way("third", ", stale=true"));
    scene.peer().tx.push(again.as_bytes());
    ends_saying(&mut scene, 1, REFUSED)
}

#[test]
fn who_has_no_name_to_tell_is_refused() -> Told {
    for way in [
        "Proxy-Authenticate: Basic realm=\"x\"\r\n",
        "Proxy-Authenticate: Other\r\n",
        "",
    ] {
        let door = door()?;
        let mut scene = is_asked(&[], way, &door)?;
        ends_saying(&mut scene, 1, REFUSED)?;
    }
    let door = door()?;
    let mut scene = is_asked(&["--proxy-auth", "user:pass"], "", &door)?;
    ends_saying(&mut scene, 1, REFUSED)
}

#[test]
fn ways_that_nobody_knows_are_the_users_mistake() -> Told {
    for way in [
        "Proxy-Authenticate: Negotiate\r\n",
        "Proxy-Authenticate: NTLM, Bearer realm=\"x\"\r\n",
        "Proxy-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=SHA-9\r\n",
    ] {
        let door = door()?;
        let mut scene = is_asked(&["--proxy-auth", "user:pass"], way, &door)?;
        ends_saying(
            &mut scene,
            2,
            "Ncat: Unknown authentication type. QUITTING.\n",
        )
        .map_err(|e| format!("{way:?}: {e}"))?;
    }
    Ok(())
}

#[test]
fn our_own_proxies_let_in_who_knows_the_password_and_nobody_else() -> Told {
    let cases = [
        (Kind::Http, "user:pass", None),
        (Kind::Http, "user:wrong", Some(REFUSED)),
        (Kind::Http, "", Some(REFUSED)),
        (Kind::Socks5, "user:pass", None),
        (
            Kind::Socks5,
            "user:wrong",
            Some("Ncat: the proxy refused the user name or the password.\n"),
        ),
        (
            Kind::Socks5,
            "",
            Some("Ncat: the proxy accepts no way of authentication that was offered.\n"),
        ),
        (Kind::Socks4, "user:pass", None),
        (
            Kind::Socks4,
            "user:wrong",
            Some("Ncat: Proxy connection failed.\n"),
        ),
        (Kind::Socks4, "", Some("Ncat: Proxy connection failed.\n")),
    ];
    for (kind, login, refused) in cases {
        let target = door()?;
        let (proxy, place) = serving(kind, &["--proxy-auth", "user:pass"])?;
        let auth = ["--proxy-auth", login];
        let auth = if login.is_empty() { &[][..] } else { &auth[..] };
        let there = ["127.0.0.1", &port_of(&target.place)];
        let mut scene = ncat(&[&kind.to(&place), &words(&[auth, &there])])?;
        scene.others.push(proxy);
        let came = match refused {
            None => scene
                .admit(&target)
                .and_then(|()| say(&mut scene, "there\n")),
            Some(said) => ends_saying(&mut scene, 1, said),
        };
        came.map_err(|e| format!("{kind} {login:?}: {e}"))?;
    }
    Ok(())
}

#[test]
fn nobody_is_asked_for_a_name_who_need_not_tell_one() -> Told {
    let target = door()?;
    let mut scene = brought(
        Kind::Http,
        "127.0.0.1",
        &["--proxy-auth", "user:pass"],
        &target,
    )?;
    say(&mut scene, "there\n")
}
