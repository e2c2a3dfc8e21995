//! Whatever a peer sends, in whatever pieces and with however little room, telnet reads it as the
//! naive reader does: sizes of the two queues, eight lengths of pieces, then what the wire brings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::{Telnet, oracle};

fuzz_target!(|data: &[u8]| {
    let Some((&[up, down, ref lengths @ ..], wire)) = data.split_first_chunk::<10>() else {
        return;
    };
    let (up, down) = (1 + usize::from(up), 3 + usize::from(down));
    let heard = oracle::run_pieces(&mut Telnet::default(), oracle::cut(wire, lengths), up, down);
    assert_eq!(heard, oracle::telnet(wire), "text above, answers below");
});
