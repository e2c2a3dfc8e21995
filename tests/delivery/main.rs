//! The delivery matrix: whatever the other direction does, bytes arrive and so does their end.
//!
//! {client, server} × {towards stdout, towards the socket} × {other direction quiet, filled, done}
//! × {data, end of file} make 24 cells. Each is played over TCP and over a Unix stream, with stdin
//! a pipe, a terminal, a file and /dev/null where that makes sense, by the kernel path and by the
//! copy path. The other side of the socket is a plain socket of this test. Every cell must hold
//! here; `score_of_the_installed_peers` prints how other programs fare in the same cells.
//!
//! What a cell says, exactly. *Forward* is the direction in question, *back* the other one.
//!
//! | back is | towards stdout (back: stdin to socket) | towards the socket (back: socket to stdout) |
//! |---|---|---|
//! | quiet | stdin is open and gives nothing | the peer is connected and sends nothing |
//! | filled | stdin gives more than fits, the peer does not read: back is stuck | the peer sends more than fits, nobody reads stdout: back is stuck |
//! | done | stdin has ended, the peer has seen that end, and some time has passed | the peer has half-closed and stdout has ended |
//!
//! *data*: bytes put in at the start of forward all come out at its end while nothing else happens;
//! forward stays open, so no end of file can push them out. *end of file*: the same bytes followed
//! by the end of their stream come out followed by the end of the stream.
//!
//! Afterwards our own program must also bring what is stuck in back to its end once that moves
//! again, change no byte of it, and exit with 0. This aftermath is not part of the score of others.

mod cell;
#[path = "../common/mod.rs"]
mod common;
mod play;
mod who;

use std::path::Path;

use cell::{OVERS, STDINS, Stdin, cells};
use common::table::{Case, all_hold, play};
use common::{Carrier, Over, Side, Told};
use play::play_cell;
use who::{FOREIGN, Who};

/// All cells that make sense over `over`, by both paths.
fn every_cell_holds(over: Over, side: Side) -> Told {
    let mut cases = Vec::new();
    for cell in cells().into_iter().filter(|cell| cell.side == side) {
        for stdin in STDINS
            .into_iter()
            .filter(|&stdin| cell.senseless_with(stdin).is_none())
        {
            for carrier in Carrier::BOTH {
                let name = format!("{over:?}, {cell}, stdin {stdin:?}, {carrier}");
                cases.push(Case::new(name, move || {
                    play_cell(cell, stdin, over, Who::Ours(carrier))
                }));
            }
        }
    }
    all_hold(&cases)
}

#[test]
fn a_tcp_client_delivers_in_every_cell() -> Told {
    every_cell_holds(Over::Tcp, Side::Client)
}

#[test]
fn a_tcp_server_delivers_in_every_cell() -> Told {
    every_cell_holds(Over::Tcp, Side::Server)
}

#[test]
fn a_unix_client_delivers_in_every_cell() -> Told {
    every_cell_holds(Over::Unix, Side::Client)
}

#[test]
fn a_unix_server_delivers_in_every_cell() -> Told {
    every_cell_holds(Over::Unix, Side::Server)
}

#[test]
fn the_matrix_has_24_cells_and_each_can_be_played() {
    assert_eq!(
        cells().len(),
        24,
        "2 sides, 2 directions, 3 states and 2 things to deliver"
    );
    for cell in cells() {
        let playable = STDINS
            .iter()
            .filter(|&&stdin| cell.senseless_with(stdin).is_none())
            .count();
        assert!(
            playable >= 2,
            "{cell} must be playable with a pipe and a terminal"
        );
    }
}

/// Prints the table with the installed peers beside us. Nothing is asserted about them; they are
/// somebody else's programs, and their cells that fail each take their patience: some minutes in
/// all. Run it with `cargo test --test delivery -- --ignored --nocapture`.
#[test]
#[ignore = "a report about other programs that takes minutes; see above"]
fn score_of_the_installed_peers() -> Told {
    let foreign = FOREIGN
        .iter()
        .filter(|(_, path)| Path::new(path).exists())
        .map(|&(who, _)| who);
    let whos: Vec<Who> = Carrier::BOTH
        .map(Who::Ours)
        .into_iter()
        .chain(foreign)
        .collect();
    let mut reached = 0;
    for over in OVERS {
        println!("\n{over:?}");
        for &who in &whos {
            let score = score(who, over);
            reached += if matches!(who, Who::Ours(_)) {
                score
            } else {
                0
            };
        }
    }
    let wanted = 24 * OVERS.len() * Carrier::BOTH.len();
    if reached == wanted {
        Ok(())
    } else {
        Err(format!("our own score is {reached} of {wanted}"))
    }
}

/// Plays all cells with one program, prints a line for each, and gives the number that hold with
/// every stdin.
fn score(who: Who, over: Over) -> usize {
    let mut cases = Vec::new();
    let mut owners = Vec::new();
    for (at, cell) in cells().into_iter().enumerate() {
        for stdin in STDINS
            .into_iter()
            .filter(|&stdin| cell.senseless_with(stdin).is_none())
        {
            cases.push(Case::new(format!("{cell}"), move || {
                play_cell(cell, stdin, over, who)
            }));
            owners.push((at, stdin));
        }
    }
    let mut failing = vec![Vec::new(); 24];
    for (&(at, stdin), result) in owners.iter().zip(play(&cases)) {
        if let Err(why) = result {
            failing[at].push((stdin, why));
        }
    }
    let piped = failing
        .iter()
        .filter(|f| f.iter().all(|&(stdin, _)| stdin != Stdin::Pipe))
        .count();
    let all = failing.iter().filter(|f| f.is_empty()).count();
    println!("  {who:?}: {piped} of 24 with stdin a pipe, {all} of 24 with every kind of stdin");
    for (cell, reasons) in cells().iter().zip(&failing) {
        let stdins: Vec<_> = reasons.iter().map(|(stdin, _)| stdin).collect();
        match reasons.first() {
            Some((_, why)) if matches!(who, Who::Ours(_)) => {
                println!("      {cell}: {stdins:?}: {why}")
            }
            Some(_) => println!("      {cell}: fails with {stdins:?}"),
            None => {}
        }
    }
    all
}
