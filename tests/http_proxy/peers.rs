//! curl and another ncat as clients of our proxy.

use std::fs;

use crate::common::payload::{noise, same};
use crate::common::program::Running;
use crate::common::scene::place_of;
use crate::common::table::{Case, all_hold};
use crate::common::{Deadline, In, Place, Program, Scene, Told, directory, told};
use crate::house::{House, has};

const REFERENCE: &str = "/usr/bin/ncat";

/// An origin for many: our own program, with a line of shell that answers each connection. It echoes a body
/// of which the length is known.
const ECHO: &str = r#"
read -r line
while read -r field; do
    field=${field%"$(printf '\r')"}
    case $field in
    "") break ;;
    [Cc]ontent-[Ll]ength:*) length=${field#*: } ;;
    esac
done
set -- $line
printf 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
case $1 in
HEAD) printf 'Content-Length: 5\r\n\r\n' ;;
POST|PUT) printf 'Content-Length: %s\r\n\r\n' "$length"; head -c "$length" ;;
*) printf 'Content-Length: %s\r\n\r\n%s %s\n' $((${#1} + ${#2} + 2)) "$1" "$2" ;;
esac
"#;

/// A server of our own, and where it is.
fn origin(options: &[&str]) -> Told<(Scene, Place)> {
    let usual = ["-l", "-k", "-v", "127.0.0.1", "0"];
    let mut scene = Scene::of(Program::ncat(usual.iter().chain(options)))?;
    let place = place_of(&mut scene)?;
    Ok((scene, place))
}

/// What curl gets by way of that proxy, and its status.
fn curl(house: &House, options: &[&str], urls: &[String]) -> Told<(i32, String)> {
    curl_by(
        &format!("http://127.0.0.1:{}", house.own_port()),
        options,
        urls,
    )
}

pub(crate) fn curl_by(proxy: &str, options: &[&str], urls: &[String]) -> Told<(i32, String)> {
    let usual = ["-sS", "--max-time", "20", "--noproxy", "", "-x", proxy];
    let words = usual.iter().chain(options).map(|&word| word.to_owned());
    let words: Vec<String> = words.chain(urls.iter().cloned()).collect();
    let outcome = Scene::of(Program::at("curl", words))?.outcome()?;
    let said = match outcome.code {
        0 => String::from_utf8_lossy(&outcome.stdout).into_owned(),
        _ => outcome.stderr,
    };
    Ok((outcome.code, said))
}

/// Proxies with and without a password, and what curl must know for each.
const LOGINS: &[(&[&str], &[&str])] = &[
    (&[], &[]),
    (
        &["--proxy-auth", "me:a b:c"],
        &["-U", "me:a b:c", "--proxy-basic"],
    ),
    (
        &["--proxy-auth", "me:a b:c"],
        &["-U", "me:a b:c", "--proxy-digest"],
    ),
    (
        &["--proxy-auth", "me:a b:c"],
        &["-U", "me:a b:c", "--proxy-anyauth"],
    ),
];

#[test]
fn curl_is_served_in_all_its_ways() -> Told {
    if !has("curl") {
        return Ok(());
    }
    let (_origin, place) = origin(&["-c", ECHO])?;
    let there = format!("http://{}", place.words().join(":"));
    let (files, there) = (&directory()?, &there);
    let bulk: String = noise(5, 300_000)
        .iter()
        .map(|n| char::from(b'a' + n % 26))
        .collect();
    let file = files.path().join("body").display().to_string();
    told(fs::write(&file, &bulk))?;
    let (bulk, file) = (&bulk, &file);
    let case = |&(ours, theirs): &(&'static [&'static str], &'static [&'static str])| {
        Case::new(format!("{ours:?} and {theirs:?}"), move || {
            let house = House::open(ours)?;
            let get = |options: &[&str], paths: &[&str]| {
                let urls: Vec<_> = paths.iter().map(|path| format!("{there}{path}")).collect();
                curl(&house, &[theirs, options].concat(), &urls)
            };
            for through in [&[][..], &["-p"]] {
                let with = |options: &[&'static str]| [through, options].concat();
                let wanted = (0, "GET /a?b\n".to_owned());
                assert_eq!(get(&with(&[]), &["/a?b"])?, wanted, "{through:?}");
                let wanted = (0, "GET /1\nGET /2\nGET /3\n".to_owned());
                assert_eq!(get(&with(&[]), &["/1", "/2", "/3"])?, wanted, "{through:?}");
                let wanted = (0, "DELETE /x\n".to_owned());
                assert_eq!(
                    get(&with(&["-X", "DELETE"]), &["/x"])?,
                    wanted,
                    "{through:?}"
                );
                let (status, head) = get(&with(&["-I"]), &["/x"])?;
                assert!(status == 0 && head.contains("Content-Length: 5"), "{head}");
                let form = format!("@{file}");
                for sends in [["--data-binary", form.as_str()], ["-T", file]] {
                    let (status, body) = get(&[through, &sends].concat(), &["/up"])?;
                    assert_eq!(status, 0, "{sends:?}: {body}");
                    same("what came back", body.as_bytes(), bulk.as_bytes())?;
                }
            }
            Ok(())
        })
    };
    all_hold(&LOGINS.iter().map(case).collect::<Vec<_>>())
}

#[test]
fn curl_asks_for_several_pages_over_one_connection() -> Told {
    if !has("curl") {
        return Ok(());
    }
    let (_origin, place) = origin(&["-c", ECHO])?;
    let mut house = House::open(&[])?;
    let there = place.words().join(":");
    let urls: Vec<_> = (1..=5).map(|n| format!("http://{there}/{n}")).collect();
    let got = curl(&house, &[], &urls)?;
    assert_eq!(got.1, "GET /1\nGET /2\nGET /3\nGET /4\nGET /5\n", "{got:?}");
    let text = house.tells("/5: 200")?;
    let requests = text.lines().filter(|line| line.contains(" GET http://"));
    let who: std::collections::BTreeSet<_> =
        requests.filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(who.len(), 1, "they came from one port: {text}");
    Ok(())
}

#[test]
fn curl_is_told_when_it_does_not_know_the_password() -> Told {
    if !has("curl") {
        return Ok(());
    }
    let house = House::open(&["--proxy-auth", "me:secret"])?;
    let url = [format!("http://127.0.0.1:{}/", house.port())];
    for knows in [
        &[][..],
        &["-U", "me:wrong", "--proxy-digest"],
        &["-U", "you:secret"],
    ] {
        let options = [knows, &["-o", "/dev/null", "-w", "%{http_code}"]].concat();
        assert_eq!(
            curl(&house, &options, &url)?,
            (0, "407".into()),
            "{knows:?}"
        );
        // A tunnel is not there.
        let (status, said) = curl(&house, &[knows, &["-p"]].concat(), &url)?;
        assert!(status == 56 && said.contains("407"), "{knows:?}: {said}");
    }
    house.is_unmet("without a password")
}

#[test]
fn the_other_ncat_is_brought_through() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    for (ours, theirs) in [
        (&[][..], &[][..]),
        (
            &["--proxy-auth", "me:secret"],
            &["--proxy-auth", "me:secret"],
        ),
    ] {
        let mut house = House::open(ours)?;
        let (proxy, port) = (
            format!("127.0.0.1:{}", house.own_port()),
            house.port().to_string(),
        );
        let words = [
            "--proxy",
            &proxy,
            "--proxy-type",
            "http",
            "127.0.0.1",
            &port,
        ];
        let program = Program::at(REFERENCE, theirs.iter().chain(&words)).stdin(In::Pipe);
        let mut theirs: Running = program.start()?;
        let origin = house.met()?;
        house.says(origin, "hello\n");
        let deadline = Deadline::usual();
        let mut caller = Scene {
            program: {
                theirs.stdin.push(b"question\n");
                theirs
            },
            peers: Vec::new(),
            others: Vec::new(),
            patience: deadline.left(),
        };
        caller.until("it said its question", |s| s.program.stdin.is_empty())?;
        house.heard(origin, b"question\n")?;
        caller.until("it heard the greeting", |s| {
            s.program.stdout.got == b"hello\n"
        })?;
        caller.program.stdin.finish();
        house.heard_last(origin, b"question\n")?;
        house.finishes(origin)?;
        caller.ends_with(0)?;
    }
    Ok(())
}

#[test]
fn the_other_ncat_is_refused_without_the_password() -> Told {
    if !has(REFERENCE) {
        return Ok(());
    }
    let house = House::open(&["--proxy-auth", "me:secret"])?;
    let (proxy, port) = (
        format!("127.0.0.1:{}", house.own_port()),
        house.port().to_string(),
    );
    let words = [
        "--proxy",
        &proxy,
        "--proxy-type",
        "http",
        "127.0.0.1",
        &port,
    ];
    for theirs in [&[][..], &["--proxy-auth", "me:wrong"]] {
        let mut caller = Scene::of(Program::at(REFERENCE, theirs.iter().chain(&words)))?;
        let outcome = caller.ends_with(1)?;
        assert!(outcome.stderr.contains("407"), "{}", outcome.stderr);
    }
    house.is_unmet("without a password")
}
