//! Whoever says what, in whatever pieces and with however little room, a chat reads as the naive one
//! does, and nothing in it can act upon a terminal: how it is set up, the size of the queue, then
//! what happens, each event a speaker and a length before its words.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::oracle::chat::{self, Event, Setup};

/// Room for whatever one event may become: 255 lines with the longest prefix.
const ROOMY: usize = 8 * 1024;

fuzz_target!(|data: &[u8]| {
    let Some((&[how, room], script)) = data.split_first_chunk() else {
        return;
    };
    let messages = how & 1 != 0;
    let setup = Setup {
        crlf: how & 2 != 0,
        messages,
        // A message that does not fit is two, each with a prefix.
        room: if messages {
            ROOMY
        } else {
            64 + usize::from(room)
        },
    };
    let events = events(script);
    let written = chat::run(setup, &events);
    assert_eq!(written, chat::chat(setup, &events), "what is written");
    let text = String::from_utf8(written.concat()).expect("what is written is UTF-8");
    let mut controls = text.chars().filter(|c| c.is_control());
    assert!(
        controls.all(|c| matches!(c, '\n' | '\t') || setup.crlf && c == '\r'),
        "a control character in {text:?}"
    );
});

/// Whoever has left says nothing more.
fn events(mut script: &[u8]) -> Vec<Event<'_>> {
    let (mut events, mut gone) = (Vec::new(), [false; 4]);
    while let Some((&[who, length], rest)) = script.split_first_chunk() {
        let (words, rest) = rest.split_at(rest.len().min(length.into()));
        script = rest;
        let user = usize::from(who % 4);
        let number = [0, 1, 2, u32::MAX][user];
        match who / 4 {
            0 => events.push(Event::Announce(str::from_utf8(words).unwrap_or("!"))),
            _ if gone[user] => {}
            1 => {
                gone[user] = true;
                events.push(Event::End(number));
            }
            _ => events.push(Event::Say(number, words)),
        }
    }
    events
}
