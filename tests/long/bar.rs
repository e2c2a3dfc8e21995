//! `--progress`: a bar that tells the truth, is seen where it is wanted, and disturbs nobody.

use std::fs;

use crate::common::payload::noise;
use crate::common::setting::directory;
use crate::common::{Door, In, Place, Program, Scene, Told, told};
use crate::{lines, listening};

const SIZE: usize = 400 << 10;

/// A sender of a file to a door of ours, and its peer; it takes about a second.
fn sending(options: &[&str], dress: impl FnOnce(Program) -> Program) -> Told<Scene> {
    let door: Door = Place::any_port().open()?;
    let dir = directory()?;
    let path = dir.path().join("in");
    told(fs::write(&path, noise(1, SIZE)))?;
    let first = ["--send-only", "--rate-limit", "400K"];
    let words = first.iter().chain(options).map(|&word| word.to_owned());
    let program = Program::ncat(words.chain(door.place.words()));
    let mut scene = Scene::of(dress(program.stdin(In::File(path))))?;
    scene.admit(&door)?;
    Ok(scene)
}

/// The percentages that were drawn, in order.
fn percentages(stderr: &str) -> Vec<u32> {
    let pictures = stderr.split("\x1b[2K").flat_map(|part| part.split('\n'));
    let before_sign = |picture: &str| picture.split('%').next()?.trim().parse().ok();
    pictures.filter_map(before_sign).collect()
}

#[test]
fn it_rises_to_its_end_on_a_terminal() -> Told {
    let mut scene = sending(&["--progress"], Program::complains_to_terminal)?;
    let stderr = scene.ends_with(0)?.stderr;
    let drawn = percentages(&stderr);
    assert!(drawn.is_sorted(), "it fell: {drawn:?}");
    assert!(drawn.len() >= 4, "few pictures in a second: {drawn:?}");
    assert_eq!((drawn.first(), drawn.last()), (Some(&0), Some(&100)));
    let last = lines(&stderr).pop().unwrap_or_default();
    assert!(last.contains("400.00 KiB/400.00 KiB"), "in the end: {last}");
    assert!(stderr.ends_with('\n'), "its line does not end: {stderr:?}");
    Ok(())
}

#[test]
fn it_is_drawn_by_whoever_does_all_the_rest() -> Told {
    let mut scene = sending(&["--progress=always"], |p| p)?;
    scene.until("it is drawn", |s| s.program.stderr.text().contains('%'))?;
    let tasks = told(fs::read_dir(format!("/proc/{}/task", scene.program.id())))?;
    assert_eq!(tasks.count(), 1, "threads of a program with a bar");
    scene.ends_with(0).map(drop)
}

#[test]
fn it_is_seen_where_it_is_wanted() -> Told {
    let cases: [(&[&str], bool, bool); 5] = [
        (&["--progress"], false, false),
        (&["--progress=auto"], false, false),
        (&["--progress=always"], false, true),
        (&["--progress=never"], true, false),
        (&[], true, false),
    ];
    for (options, terminal, seen) in cases {
        let mut scene = sending(options, |program| match terminal {
            true => program.complains_to_terminal(),
            false => program,
        })?;
        let stderr = scene.ends_with(0)?.stderr;
        let drawn = stderr.contains('%');
        assert_eq!(
            drawn, seen,
            "{options:?}, on a terminal: {terminal}: {stderr:?}"
        );
    }
    Ok(())
}

#[test]
fn without_an_end_in_sight_it_counts_and_size_gives_it_one() -> Told {
    for (size, wanted) in [(None, "4.00 KiB  "), (Some("8K"), "50% [")] {
        let mut options = vec!["-k", "--progress=always"];
        options.extend(size.iter().flat_map(|size| ["--size", size]));
        let (mut scene, place) = listening(&options, |p| p.stdin(In::Pipe))?;
        scene.enter(&place)?;
        scene.peer().tx.push(&noise(2, 4096));
        scene.until("it shows what came", |s| {
            s.program.stderr.text().contains(wanted)
        })?;
    }
    Ok(())
}

#[test]
fn lines_stay_whole_beside_it() -> Told {
    let dress = |program: Program| program.stdin(In::Pipe).complains_to_terminal();
    let (mut scene, place) = listening(&["-k", "--progress"], dress)?;
    let mut wanted = Vec::new();
    for n in 1..=5 {
        scene.enter(&place)?;
        let name = scene.peer().local().ok_or("a peer without an address")?;
        wanted.push(format!("Ncat: Connection from {name}."));
        scene.peer().tx.push(&noise(n, 1000));
        let all = format!("{n}000 B");
        let about = format!("{:.2} KiB", n as f64 * 1000.0 / 1024.0);
        scene.until("it shows the sum", |s| {
            let text = s.program.stderr.text();
            text.contains(&all) || text.contains(&about)
        })?;
    }
    let mut said = lines(&scene.program.stderr.text());
    said.retain(|line| line.starts_with("Ncat: Connection from "));
    assert_eq!(said, wanted);
    Ok(())
}

#[test]
fn what_passes_both_ways_is_shown() -> Told {
    let options = ["--progress=always", "-e", "/bin/cat"];
    let (mut scene, place) = listening(&options, |p| p)?;
    scene.enter(&place)?;
    scene.peer().tx.push(&noise(3, 2048));
    scene.until("both are shown", |s| {
        let text = s.program.stderr.text();
        text.contains("2.00 KiB  ") && text.contains("  received 2.00 KiB")
    })?;
    scene.peer().tx.finish();
    scene.ends_with(0).map(drop)
}
