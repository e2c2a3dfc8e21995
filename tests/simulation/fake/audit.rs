//! What must hold between two ends of a link at any time, whoever moves the bytes.

use ncat::route::{End as _, Flow, News};

use super::{End, Fate};

/// The most the kernel's pipe may hold on top of a queue.
const CHANNEL: usize = 64;

/// The lane from near to far, in messages.
pub(crate) const OUT: &str = "out";
/// The lane from far to near.
pub(crate) const BACK: &str = "back";

/// Nothing was lost, invented, reordered or joined between these two, and at most `queue` bytes are
/// on their way.
pub(crate) fn lane(what: &str, from: &End, to: &mut End, flow: Flow, queue: usize) {
    let (pulled, accepted) = (from.voice.pulled, to.accepted);
    match flow {
        Flow::Shut => assert_eq!((pulled, accepted), (0, 0), "{what}: shut, but bytes passed"),
        Flow::Discard => {
            let passed = accepted > 0 && !to.ear.met_break;
            assert!(!passed, "{what}: bytes passed that were to be discarded");
        }
        Flow::Pass => {
            assert!(
                accepted <= pulled,
                "{what}: {accepted} given of {pulled} read"
            );
            let most = if from.nature.messages {
                queue.max(from.voice.gulp)
            } else {
                queue
            };
            let queued = pulled - accepted;
            let gone = to.ear.met_break || to.ear.is_broken();
            assert!(
                queued <= most + CHANNEL || gone,
                "{what}: {queued} bytes are queued"
            );
        }
    }
    let new = &to.ear.taken[to.ear.audited..];
    assert!(
        from.voice.says(new, to.ear.audited),
        "{what}: other bytes came out than went in"
    );
    to.ear.audited = to.ear.taken.len();
    if from.nature.messages && to.nature.messages {
        // An empty message has no bytes to carry between two ends, so a link drops it.
        let mut said = from.voice.pieces.iter().filter(|n| **n > 0);
        let same = to.ear.pieces.iter().all(|heard| said.next() == Some(heard));
        assert!(
            same,
            "{what}: messages were joined or cut: {:?}",
            to.ear.pieces
        );
    }
    if to.ear.finished && to.ear.taken.len() < pulled && flow == Flow::Pass {
        let excused = to.ear.is_broken();
        assert!(
            excused,
            "{what}: the end was told before {pulled} bytes were given"
        );
    }
}

/// What a lane says when it is over must be true.
pub(crate) fn news(what: &str, news: &News, from: &End, to: &End, flow: Flow) {
    let missing = match flow {
        Flow::Pass => from.voice.pulled - to.accepted,
        Flow::Discard | Flow::Shut => 0,
    };
    match news {
        News::Ended | News::SourceBroken(_) => {
            let fate = from.voice.fate;
            assert!(
                from.voice.met,
                "{what}: an end was announced that was not met"
            );
            assert_eq!(
                matches!(news, News::Ended),
                fate == Fate::Over,
                "{what}: ends with {fate:?}"
            );
            assert_eq!(
                missing, 0,
                "{what}: the end was announced before all was given"
            );
            let resting = to.accepted - to.ear.taken.len();
            assert!(
                resting == 0 || flow != Flow::Pass,
                "{what}: the end was announced before all had gone"
            );
        }
        News::SinkBroken(_, lost) => {
            assert!(
                to.ear.met_break,
                "{what}: a break was announced that was not met"
            );
            // A far end is read on while the news of its deaf partner travels.
            let least = if what == BACK { 0 } else { missing };
            // Some of what the end took may have rested below its layers.
            let most = from.voice.pulled - to.ear.taken.len();
            let told = (least..=most).contains(lost);
            assert!(
                told,
                "{what}: {lost} bytes are said to be lost of {least} to {most}"
            );
        }
    }
}

/// Whether nothing can be expected to move any more between these two: asked when nothing is
/// planned anywhere. Otherwise somebody sleeps who should not.
pub(crate) fn is_excused(from: &End, to: &End, flow: Flow) -> bool {
    let voice = &from.voice;
    let all_said = voice.pulled == voice.total && (voice.met || !voice.ended);
    let read_out = from.is_mute() || all_said;
    match flow {
        Flow::Shut => true,
        Flow::Discard => read_out,
        Flow::Pass => {
            let given = to.accepted == from.voice.pulled && to.is_clear();
            let deaf = to.ear.met_break || to.ear.is_stuck() && !to.ear.is_broken();
            deaf || read_out && given
        }
    }
}
