//! The scripts in `scripts/` do what they say.

use std::fs;

use tempfile::TempDir;

use crate::common::payload::{lines, noise, same};
use crate::common::scene::place_of;
use crate::common::{Place, Program, Scene, Told, directory, told};
use crate::{heard, server};

fn example(name: &str) -> String {
    format!(
        "{}/tests/lua/scripts/{name}.lua",
        env!("CARGO_MANIFEST_DIR")
    )
}

#[test]
fn echo_sends_every_line_back_and_what_has_no_end() -> Told {
    let (mut scene, place) = server(&["-k"], &example("echo"))?;
    for said in [lines(1, 100_000), b"no end".to_vec(), noise(2, 100_000)] {
        same("the echo", &heard(&mut scene, &place, &said)?, &said)?;
    }
    Ok(())
}

#[test]
fn date_says_one_line_with_the_year() -> Told {
    let (mut scene, place) = server(&[], &example("date"))?;
    let got = heard(&mut scene, &place, b"")?;
    let line = String::from_utf8_lossy(&got).into_owned();
    let words: Vec<&str> = line.split_whitespace().collect();
    let year = words.get(3).and_then(|year| year.parse::<u32>().ok());
    if line.lines().count() != 1 || words.len() != 5 || year < Some(2020) {
        return Err(format!("it is {line:?}"));
    }
    Ok(())
}

#[test]
fn chargen_goes_through_all_characters_until_the_peer_has_had_enough() -> Told {
    let (mut scene, place) = server(&["-k"], &example("chargen"))?;
    scene.enter(&place)?;
    scene.until("a round has passed", |s| s.peer().rx.got.len() >= 96 * 74)?;
    let got = &scene.peer().rx.got;
    let line = |n: usize| {
        let characters = (0..72).map(|i| b' ' + ((n + i) % 95) as u8);
        characters.chain(*b"\r\n").collect::<Vec<u8>>()
    };
    let wanted: Vec<u8> = (0..96).flat_map(line).collect();
    same("the first round and a line", &got[..96 * 74], &wanted)
}

#[test]
fn menu_asks_answers_and_says_good_bye() -> Told {
    let (mut scene, place) = server(&["-k"], &example("menu"))?;
    scene.enter(&place)?;
    let asked = |text: &'static str| move |s: &mut Scene| s.peer().rx.text().ends_with(text);
    scene.until("it asks", asked("q) leave\n> "))?;
    scene.peer().tx.push(b"3\n");
    scene.until("it asks for a number", asked("one number> "))?;
    scene.peer().tx.push(b"17\n");
    scene.until("it asks for another", asked("another> "))?;
    scene.peer().tx.push(b"25\n2\n9\nq\n");
    scene.until("it has ended", |s| s.peer().rx.ended())?;
    let text = scene.peer().rx.text();
    for wanted in [
        "another> 42\n",
        "> 127.0.0.1\n",
        "> There is no such choice.\n",
    ] {
        if !text.contains(wanted) {
            return Err(format!("{wanted:?} is missing in {text:?}"));
        }
    }
    match text.ends_with("> Good-bye.\n") {
        true => Ok(()),
        false => Err(format!("it ends without a word: {text:?}")),
    }
}

/// A server of the files in `public`, beside which there is one that nobody may have.
fn web() -> Told<(TempDir, Scene, Place)> {
    let dir = directory()?;
    let public = dir.path().join("public");
    told(fs::create_dir_all(public.join("empty")))?;
    told(fs::write(dir.path().join("secret"), "SECRET"))?;
    told(fs::write(public.join("index.html"), "<h1>home</h1>\n"))?;
    told(fs::write(public.join("a b.bin"), noise(3, 200_000)))?;
    let words = ["-lkv", "--lua-exec", &example("http"), "127.0.0.1", "0"];
    let program = Program::ncat(words).env("HTTP_ROOT", public);
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    Ok((dir, scene, place))
}

fn asked(scene: &mut Scene, place: &Place, request: &str) -> Told<(String, Vec<u8>)> {
    scene.enter(place)?;
    scene.peer().tx.push(request.as_bytes());
    scene.until("it has answered", |s| s.peer().rx.ended())?;
    let got = &scene.peer().rx.got;
    let end = got.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.ok_or_else(|| format!("no head in {:?}", String::from_utf8_lossy(got)))?;
    let head = String::from_utf8_lossy(&got[..end]).into_owned();
    Ok((head, got[end + 4..].to_vec()))
}

#[test]
fn http_serves_files_as_they_are() -> Told {
    let (_dir, mut scene, place) = web()?;
    let home = b"<h1>home</h1>\n".to_vec();
    let cases = [
        ("GET / HTTP/1.1", "text/html", home.clone()),
        ("GET /./index.html?x=/../y HTTP/1.0", "text/html", home),
        (
            "GET /a%20b.bin HTTP/1.1",
            "application/octet-stream",
            noise(3, 200_000),
        ),
    ];
    for (line, kind, body) in cases {
        let request = format!("{line}\r\nHost: x\r\n\r\n");
        let (head, got) = asked(&mut scene, &place, &request)?;
        let length = format!("\r\nContent-Length: {}\r\n", body.len());
        let kind = format!("Content-Type: {kind}");
        if !head.starts_with("HTTP/1.1 200 OK\r\n")
            || !head.contains(&length)
            || !head.contains(&kind)
        {
            return Err(format!("{line}: {head:?}"));
        }
        same(line, &got, &body)?;
    }
    let (head, got) = asked(&mut scene, &place, "HEAD / HTTP/1.1\r\n\r\n")?;
    match head.contains("Content-Length: 14") && got.is_empty() {
        true => Ok(()),
        false => Err(format!("HEAD: {head:?} and {} bytes", got.len())),
    }
}

#[test]
fn http_lets_nothing_out_of_its_directory_and_refuses_what_is_wrong() -> Told {
    let (_dir, mut scene, place) = web()?;
    let long = "x".repeat(9000);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n\r\n");
    let cases = [
        (get("/../secret"), 404),
        (get("/%2e%2e/secret"), 404),
        (get("/empty/..%2f..%2fsecret"), 404),
        (get("//../secret"), 404),
        (get("/index.html%00.txt"), 404),
        (get("/empty"), 404),
        (get("/nothing"), 404),
        (get("secret"), 400),
        ("hello\r\n\r\n".into(), 400),
        (get(&format!("/{long}")), 431),
        (
            format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200)),
            431,
        ),
        ("GET / HTTP/2.0\r\n\r\n".into(), 505),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab".into(), 405),
    ];
    for (request, status) in cases {
        let (head, body) = asked(&mut scene, &place, &request)?;
        let secret = body.windows(6).any(|six| six == b"SECRET");
        if secret || !head.starts_with(&format!("HTTP/1.1 {status} ")) {
            return Err(format!("{request:?} gives {head:?}"));
        }
    }
    Ok(())
}
