//! The same scene played by the installed ncat 7.93 and by ours: what both print, send, log and
//! return must be the same.
//!
//! Each scene is a row of the table below. Where we differ on purpose the row says in what and why;
//! a difference that has gone is a failure too, so that the table stays true. Where there is no
//! ncat 7.93 the test says so and does nothing.

#[path = "../common/mod.rs"]
mod common;
mod connect;
mod exec;
mod lab;
mod listen;
mod logs;
mod mesh;

use std::process::Command;

use common::table::{Case, all_hold};
use common::{Program, Told};
use lab::{Difference, Lab, Record};

const REFERENCE: &str = "/usr/bin/ncat";

/// A scene, how it is played, and in what we differ on purpose.
type Row = (
    &'static str,
    fn(&Lab) -> Told<Record>,
    &'static [Difference],
);

#[test]
fn the_same_scene_gives_the_same_as_the_installed_ncat() -> Told {
    if !is_installed() {
        println!("SKIPPED: there is no ncat 7.93 at {REFERENCE} to compare with");
        return Ok(());
    }
    let rows: Vec<Row> = [
        connect::ROWS,
        exec::ROWS,
        listen::ROWS,
        mesh::ROWS,
        logs::ROWS,
    ]
    .concat();
    let cases: Vec<_> = rows
        .into_iter()
        .map(|row| Case::new(row.0, move || play(row)))
        .collect();
    all_hold(&cases)
}

fn is_installed() -> bool {
    let version = Command::new(REFERENCE).arg("--version").output();
    version.is_ok_and(|told| String::from_utf8_lossy(&told.stderr).contains("Ncat: Version 7.93 "))
}

fn play((_, scene, differences): Row) -> Told {
    let theirs = scene(&Lab::new(|words| Program::at(REFERENCE, words))?)
        .map_err(|e| format!("the installed ncat: {e}"))?;
    let ours = scene(&Lab::new(|words| Program::ncat(words))?).map_err(|e| format!("ours: {e}"))?;
    ours.compare(&theirs, differences)
}
