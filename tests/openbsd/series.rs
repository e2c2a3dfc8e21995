//! Several ports without `-z`: one conversation after another.

use std::time::Duration;

use crate::common::{Place, Told};
use crate::{Who, normal, with_both};

/// A port that nobody listens on: tcpmux, which is not in use since decades.
const CLOSED: &str = "1";
/// Long enough to see that something does not happen.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn several_ports_are_met_one_after_another() -> Told {
    with_both(|who| {
        let (first, second) = (Place::any_port().open()?, Place::any_port().open()?);
        let one = first.place.words().remove(1);
        let two = second.place.words().remove(1);
        let mut scene = who.begin(&["-vN", "127.0.0.1", &one, CLOSED, &two])?;
        scene.admit(&first)?;
        scene.program.stdin.push(b"for the first");
        scene.until("the first is told", |s| s.peer().rx.got == b"for the first")?;
        scene.holds(A_WHILE, "the others wait", |s| {
            s.program.stderr.text().lines().count() == 1
        })?;
        scene.program.stdin.finish();
        scene.until("the first is told the end", |s| s.peer().rx.ended())?;
        scene.peer().tx.push(b"from the first, ");
        scene.peer().tx.finish();
        scene.until("the first has spoken", |s| s.peer().tx.is_done())?;
        scene.admit(&second)?;
        scene.until("the second is told the end", |s| s.peer().rx.ended())?;
        assert_eq!(
            scene.peer().rx.got,
            b"",
            "{who:?}: of stdin there is no more"
        );
        scene.peer().tx.push(b"from the second");
        scene.peer().tx.finish();
        let outcome = scene.ends_with(0)?;
        assert_eq!(
            outcome.stdout, b"from the first, from the second",
            "{who:?}"
        );
        let wanted = format!(
            "Connection to 127.0.0.1 {one} port [tcp/*] succeeded!\n\
             nc: connect to 127.0.0.1 port {CLOSED} (tcp) failed: Connection refused\n\
             Connection to 127.0.0.1 {two} port [tcp/*] succeeded!\n"
        );
        assert_eq!(normal(&outcome.stderr), wanted, "{who:?}");
        Ok(())
    })
}

#[test]
fn what_stdin_says_later_is_for_whoever_is_there_then() -> Told {
    with_both(|who| {
        let (first, second) = (Place::any_port().open()?, Place::any_port().open()?);
        let one = first.place.words().remove(1);
        let two = second.place.words().remove(1);
        // What ends the first conversation is its silence, for stdin goes on.
        let mut scene = who.begin(&["-w", "1", "127.0.0.1", &one, &two])?;
        scene.admit(&first)?;
        scene.program.stdin.push(b"first");
        scene.until("the first is told", |s| s.peer().rx.got == b"first")?;
        scene.admit(&second)?;
        scene.program.stdin.push(b"second");
        scene.until("the second is told", |s| s.peer().rx.got == b"second")?;
        scene.ends_with(0)?;
        assert_eq!(scene.peers[0].rx.got, b"first", "{who:?}");
        Ok(())
    })
}

#[test]
fn the_status_tells_whether_any_port_answered() -> Told {
    with_both(|who| {
        let door = Place::any_port().open()?;
        let open = door.place.words().remove(1);
        let cases: [(&[&str], i32); 3] = [
            (&["127.0.0.1", "1", "2"], 1),
            (&["127.0.0.1", "1-3"], 1),
            (&["-w", "1", "127.0.0.1", &open, CLOSED], 0),
        ];
        for (args, status) in cases {
            let outcome = who.begin(args)?.ends_with(status)?;
            assert_eq!(outcome.stderr, "", "{who:?} {args:?}");
        }
        Ok(())
    })
}

#[test]
fn the_end_of_stdin_and_q_end_them_all() -> Told {
    let (first, second) = (Place::any_port().open()?, Place::any_port().open()?);
    let one = first.place.words().remove(1);
    let two = second.place.words().remove(1);
    let mut scene = Who::Ours.begin(&["-q", "1", "127.0.0.1", &one, &two])?;
    scene.admit(&first)?;
    scene.program.stdin.finish();
    let outcome = scene.ends_with(0)?;
    assert_eq!(outcome.stderr, "", "nothing is said of it");
    Ok(())
}
