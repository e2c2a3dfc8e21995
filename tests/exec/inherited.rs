//! What a program is given: its words, its environment, three descriptors, and the limits and signals
//! it would have without us.

use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::common::payload::same;
use crate::common::scene::place_of;
use crate::common::wire::socket_in;
use crate::common::{Carrier, Place, Program, Scene, Told, directory, told};
use crate::meeting::{Kind, Meeting, WAYS, Way, over_tcp};
use crate::{answer_to_a_new_peer, expect, server, server_words, text_of};

/// Tells the five variables in brackets, for some of them are empty.
const TELL: &str = "for n in REMOTE_ADDR REMOTE_PORT LOCAL_ADDR LOCAL_PORT PROTO; do \
                    eval echo [\\$NCAT_$n]; done";

fn ends(remote: SocketAddr, local: SocketAddr) -> String {
    format!(
        "[{}]\n[{}]\n[{}]\n[{}]\n[TCP]\n",
        remote.ip(),
        remote.port(),
        local.ip(),
        local.port()
    )
}

#[test]
fn a_program_knows_both_ends_when_we_listen() -> Told {
    for host in ["127.0.0.1", "::1"] {
        let words = ["-l", "-v", host, "0", "-c", TELL];
        let mut scene = Scene::of(Program::ncat(words))?;
        let Place::Tcp(place) = place_of(&mut scene)? else {
            return Err("that is no TCP port".into());
        };
        let mut peer = told(TcpStream::connect(place))?;
        let mut got = String::new();
        told(peer.read_to_string(&mut got))?;
        expect(host, &got, &ends(told(peer.local_addr())?, place))?;
    }
    Ok(())
}

#[test]
fn a_program_knows_both_ends_when_we_connect() -> Told {
    for host in ["127.0.0.1", "::1"] {
        let door = told(TcpListener::bind((host, 0)))?;
        let place = told(door.local_addr())?;
        let port = place.port().to_string();
        let _scene = Scene::of(Program::ncat([host, &port, "-c", TELL]))?;
        let (mut peer, from) = told(door.accept())?;
        let mut got = String::new();
        told(peer.read_to_string(&mut got))?;
        expect(host, &got, &ends(place, from))?;
    }
    Ok(())
}

#[test]
fn whoever_comes_through_a_unix_socket_is_near() -> Told {
    for way in WAYS {
        let meeting = Meeting::new(way, Kind::Unix, Carrier::Kernel)?;
        let mut scene = meeting.meet(&["-c", TELL])?;
        let got = meeting.end(&mut scene)?;
        let want = "[localhost]\n[]\n[localhost]\n[]\n[TCP]\n";
        expect("the variables", &String::from_utf8_lossy(&got), want)?;
    }
    Ok(())
}

/// Whoever starts us may have left descriptors open.
const LITTERED: [&str; 4] = [
    "/bin/sh",
    "-c",
    "exec \"$@\" 3</dev/null 7</etc/passwd 9>&2",
    "sh",
];

#[test]
fn a_program_inherits_three_descriptors_and_no_more() -> Told {
    let dir = directory()?;
    let log = dir.path().join("log").display().to_string();
    let options = ["-c", "ls /proc/$$/fd; exit", "-o", &log, "-x", &log];
    let program = Program::ncat(server_words(&options)).through(&LITTERED);
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    // Others are in, and so are their programs, when the last one is started.
    for _ in 0..5 {
        let told = answer_to_a_new_peer(&mut scene, &place)?;
        expect("its descriptors", &told, "0\n1\n2\n")?;
    }
    Ok(())
}

#[test]
fn a_program_is_given_no_descriptor_of_others_who_are_in() -> Told {
    let (mut scene, place) = server(&["-c", "ls /proc/$$/fd; read wait"])?;
    for _ in 0..10 {
        scene.enter(&place)?;
        scene.until("it has told", |s| s.peer().rx.got.ends_with(b"2\n"))?;
        same("its descriptors", &scene.peer().rx.got, b"0\n1\n2\n")?;
    }
    Ok(())
}

#[test]
fn a_program_may_have_as_many_descriptors_as_without_us() -> Told {
    let line = "ulimit -Sn; ulimit -Hn; exit";
    for way in WAYS {
        let meeting = Meeting::new(way, Kind::Tcp4, Carrier::Kernel)?;
        let limits = |program: Program| program.through(&["prlimit", "--nofile=77:200"]);
        let mut scene = meeting.dressed(&["-c", line], limits)?;
        same("the limits", &meeting.end(&mut scene)?, b"77\n200\n")?;
    }
    Ok(())
}

#[test]
fn a_program_meets_the_usual_signals() -> Told {
    over_tcp(|meeting| {
        // The first 31; the others are nobody's but those who have a use for them.
        let line = "sed -n 's/^Sig\\(Blk\\|Ign\\):.*\\(.......\\)$/\\1 \\2/p' /proc/self/status";
        let usual = ["env", "--default-signal=INT,TERM,HUP,QUIT,PIPE,CHLD"];
        let dress = |program: Program| program.through(&usual);
        let mut scene = meeting.dressed(&["-c", line], dress)?;
        let got = meeting.end(&mut scene)?;
        let want = "Blk 0000000\nIgn 0000000\n";
        expect("blocked and ignored", &String::from_utf8_lossy(&got), want)
    })
}

#[test]
fn a_program_gets_its_words_as_they_are() -> Told {
    for (command, want) in [
        (r"/usr/bin/printf [%s] one  two", "[one][two]"),
        (r"/usr/bin/printf [%s] one\ two three", "[one two][three]"),
        (r"/usr/bin/printf [%s] 'one two'", "['one][two']"),
        ("/usr/bin/printf [%s] \"one\ttwo\"\n", "[\"one][two\"]"),
        (r"/usr/bin/printf [%s] $HOME *; | >", "[$HOME][*;][|][>]"),
        (r"/usr/bin/printf [%s] a\\b c\", "[a\\b][c]"),
        (r"  /usr/bin/printf  %s\\n  x", "x\n"),
    ] {
        let (mut scene, place) = server(&["-e", command])?;
        let got = answer_to_a_new_peer(&mut scene, &place)?;
        expect(command, &got, want)?;
    }
    Ok(())
}

#[test]
fn a_shells_line_reaches_the_shell_as_it_is() -> Told {
    for (line, want) in [
        (r#"printf '[%s]' "one two" $((1 + 2))"#, "[one two][3]"),
        ("a=1; b=2\necho $a$b", "12\n"),
        (r#"echo "$0" $#"#, "/bin/sh 0\n"),
        ("exec /bin/echo hello", "hello\n"),
    ] {
        let (mut scene, place) = server(&["-c", line])?;
        expect(line, &answer_to_a_new_peer(&mut scene, &place)?, want)?;
    }
    Ok(())
}

#[test]
fn a_program_without_a_slash_is_looked_for_here_and_nowhere_else() -> Told {
    let dir = directory()?;
    told(std::os::unix::fs::symlink(
        "/bin/echo",
        dir.path().join("tool"),
    ))?;
    let here = dir.path().display().to_string();
    let options = server_words(&["-e", "tool found here"]);
    let program = Program::ncat(options).through(&["env", "-C", &here]);
    let mut scene = Scene::of(program)?;
    let place = place_of(&mut scene)?;
    expect(
        "the tool",
        &answer_to_a_new_peer(&mut scene, &place)?,
        "found here\n",
    )?;
    let somewhere = Program::ncat(server_words(&["-e", "tool found"])).env("PATH", &here);
    let mut scene = Scene::of(somewhere)?;
    let place = place_of(&mut scene)?;
    expect("PATH", &answer_to_a_new_peer(&mut scene, &place)?, "")
}

#[test]
fn clients_can_be_told_apart_by_the_parent_of_what_serves_them() -> Told {
    // Each part of a pipe asks, and all of one client must get the same answer.
    let (mut scene, place) = server(&["-c", "sed \"s/^/$PPID /\" | sed \"s/^/$PPID /\""])?;
    let mut seen = Vec::new();
    for _ in 0..5 {
        scene.enter(&place)?;
        scene.peer().tx.push(b"hello\n");
        scene.peer().tx.finish();
        let answer = text_of(&mut scene)?;
        let words: Vec<_> = answer.split_whitespace().map(str::to_owned).collect();
        match words.as_slice() {
            [one, other, hello] if one == other && hello == "hello" => seen.push(one.clone()),
            _ => return Err(format!("the answer is {answer:?}")),
        }
    }
    seen.sort();
    seen.dedup();
    match seen.len() {
        5 => Ok(()),
        n => Err(format!("five clients have {n} parents: {seen:?}")),
    }
}

#[test]
fn a_program_leads_a_group_of_its_own() -> Told {
    let meeting = Meeting::new(Way::Connect, Kind::Tcp4, Carrier::Kernel)?;
    let mut scene = meeting.meet(&["-c", "cut -d' ' -f5 /proc/$$/stat; echo $$"])?;
    let got = meeting.end(&mut scene)?;
    let got = String::from_utf8_lossy(&got);
    let numbers: Vec<_> = got.split_whitespace().collect();
    match numbers.as_slice() {
        [group, leader] if group == leader => Ok(()),
        _ => Err(format!("its group and its number: {numbers:?}")),
    }
}

#[test]
fn a_unix_path_may_be_served_by_a_program_that_does_not_know_it() -> Told {
    let dir = directory()?;
    let place = socket_in(dir.path());
    let options = ["-l", "-v", "-k", "-c", "ls /proc/$$/fd; exit"].map(str::to_owned);
    let mut scene = Scene::of(Program::ncat(options.into_iter().chain(place.words())))?;
    let place = place_of(&mut scene)?;
    let got = answer_to_a_new_peer(&mut scene, &place)?;
    expect("its descriptors", &got, "0\n1\n2\n")
}
