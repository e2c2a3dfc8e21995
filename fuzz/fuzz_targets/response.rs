//! Whatever an origin says, in whatever pieces and with however little room, the client of the proxy gets one
//! response that a reader who puts up with nothing can read, or sees that it is broken off. Who asks and how
//! the origin ends, sizes of the two queues, eight lengths of pieces, then what the origin says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::Answer;
use ncat::wire::proxy::http::HttpServer;
use ncat::wire::proxy::http::oracle::{Cuts, Scene, play};

const REQUESTS: [&[u8]; 4] = [
    b"GET http://h/ HTTP/1.1\r\n\r\n",
    b"GET http://h/ HTTP/1.0\r\n\r\n",
    b"GET http://h/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"HEAD http://h/ HTTP/1.1\r\n\r\n",
];

fuzz_target!(|data: &[u8]| {
    let Some((&[how, up, down, ref pieces @ ..], origin)) = data.split_first_chunk::<11>() else {
        return;
    };
    let mut scene = Scene::new(REQUESTS[usize::from(how % 4)], origin);
    if how & 4 > 0 {
        scene.end = Answer::Cut;
    }
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
    let lines = told.lines();
    let is_response =
        |line: &&String| line.starts_with("down HTTP/1.1 ") && !line.starts_with("down HTTP/1.1 1");
    let responses = lines.iter().filter(is_response).count();
    assert_eq!((responses, told.served.len()), (1, 1), "{lines:?}");
    // Nobody waits for a request to arrive that has been answered.
    scene.is_eager = how & 8 > 0;
    let cut = play(&mut HttpServer::new(None), &scene, cuts);
    assert_eq!(told.lines_down(), cut.lines_down(), "whole and in pieces");
});
