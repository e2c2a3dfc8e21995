//! `--broker`: everybody hears everybody else, and nothing but a signal ends it.

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod limits;
mod options;
mod words;

use std::time::Duration;

use common::{Meeting, Told};

pub(crate) const A_MOMENT: Duration = Duration::from_millis(250);

/// The server is there, and so is that member; shown by words that reach it.
pub(crate) fn is_served(meeting: &mut Meeting, member: usize) -> Told {
    meeting.say(None, b"are you there?\n")?;
    if meeting.scene.peers[member].rx.ended() {
        return Err(format!("member {member} is out; {}", meeting.scene.state()));
    }
    Ok(())
}
