//! Whatever a client says to the proxy, in whatever pieces and with however little room, comes to the same;
//! and what goes up is one request at a time, which a reader who puts up with nothing can read. Sizes of the
//! two queues, eight lengths of pieces, then what the client says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::proxy::http::HttpServer;
use ncat::wire::proxy::http::oracle::{Cuts, Scene, play};

fuzz_target!(|data: &[u8]| {
    let Some((&[up, down, ref pieces @ ..], client)) = data.split_first_chunk::<10>() else {
        return;
    };
    let origin = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut scene = Scene::new(client, origin);
    scene.leaves = up > 200;
    let whole = Cuts {
        pieces: &[0xff],
        up: 1 << 16,
        down: 1 << 16,
    };
    let cuts = Cuts {
        pieces,
        up: 1 + usize::from(up),
        down: 1 + usize::from(down),
    };
    let told = play(&mut HttpServer::new(None), &scene, whole);
    for ask in &told.asks {
        let is_plain = ask.words.bytes().all(|c| (b' '..0x7f).contains(&c));
        assert!(is_plain, "in a log: {:?}", ask.words);
    }
    let cut = play(&mut HttpServer::new(None), &scene, cuts);
    assert_eq!(told.lines(), cut.lines(), "whole and in pieces");
});
