//! Any bytes as chunks, in whatever pieces: the same data and the same end as the naive reader finds. Eight
//! lengths of pieces, then the bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::oracle::cut;
use ncat::wire::proxy::http::oracle::{chunked, read_chunks};

fuzz_target!(|data: &[u8]| {
    let Some((lengths, wire)) = data.split_first_chunk::<8>() else {
        return;
    };
    let read = read_chunks(wire, cut(wire, lengths));
    assert_eq!(read, chunked(wire), "data, and what is behind the end");
});
