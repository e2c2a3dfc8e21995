//! `--chat`: everybody hears everybody else by number, learns who comes and goes, and can trust what
//! stands in front of a line.

#[path = "../common/mod.rs"]
mod common;
mod lines;
mod noise;
mod people;

use std::time::Duration;

use common::{By, Meeting, Told};

pub(crate) const A_MOMENT: Duration = Duration::from_millis(250);

/// A chat in which all members know of each other and have heard all announcements. Members have
/// the numbers from 1 on in the order in which they came.
pub(crate) fn chat(by: By, options: &[&str], count: usize) -> Told<Meeting> {
    let options: Vec<&str> = ["--chat"].iter().chain(options).copied().collect();
    let mut meeting = Meeting::of(by, &options, 0)?;
    for number in 1..=count {
        let present: Vec<usize> = (1..number).collect();
        come_as(&mut meeting, number, &present)?;
    }
    Ok(meeting)
}

/// Somebody comes, gets that number and is told to everybody; `present` are the numbers of those who
/// are there, in order.
pub(crate) fn come_as(meeting: &mut Meeting, number: usize, present: &[usize]) -> Told {
    meeting.come()?;
    let name = |number: usize| format!("{} as <user{number}>", meeting.name(number - 1));
    let newcomer = meeting.name(number - 1);
    let present: Vec<String> = present.iter().map(|&number| name(number)).collect();
    let present = match present.len() {
        0 => "nobody".into(),
        _ => present.join(", "),
    };
    let words = format!(
        "<announce> {newcomer} is connected as <user{number}>.\n\
         <announce> already connected: {present}.\n"
    );
    meeting.told(&format!("Connection from {newcomer} as <user{number}>."))?;
    meeting.minute(None, words.as_bytes());
    meeting.all_is_heard()
}
