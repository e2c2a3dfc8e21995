use super::oracle::{Cuts, Scene, Told, play};
use super::*;
use crate::wire::oracle::Sizes;

mod exchanges;
mod refusals;

/// Lets a scene happen with every cut and several sizes of queue, which must not make any difference.
fn always(name: &str, scene: &Scene, guard: Option<&Rc<RefCell<dyn Guard>>>) -> Vec<String> {
    let longest = scene.client.len().max(scene.origin.len());
    let plain = told(scene, guard, &[0xff], (1 << 16, 1 << 16)).lines();
    for Sizes { piece, up, down } in Sizes::all(longest.min(255), 1..8) {
        if piece > 9 && (up % 3 > 0 || down % 3 > 0) {
            continue;
        }
        let piece = u8::try_from(piece).expect("at most 255");
        let lines = told(scene, guard, &[piece], (up, down)).lines();
        assert_eq!(
            lines, plain,
            "{name}, in pieces of {piece} with {up} up and {down} down"
        );
    }
    plain
}

fn told(
    scene: &Scene,
    guard: Option<&Rc<RefCell<dyn Guard>>>,
    pieces: &[u8],
    (up, down): (usize, usize),
) -> Told {
    let mut layer = HttpServer::new(guard.cloned());
    play(&mut layer, scene, Cuts { pieces, up, down })
}

#[test]
fn an_idle_connection_costs_little() {
    assert!(
        size_of::<HttpServer>() <= 128,
        "{} bytes",
        size_of::<HttpServer>()
    );
}

#[test]
fn large_bodies_pass_in_large_pieces() {
    let data = vec![b'x'; 200_000];
    let origin = [&b"HTTP/1.1 200 OK\r\n\r\n"[..], &data].concat();
    let mut scene = Scene::new(b"GET http://h/ HTTP/1.1\r\n\r\n", &origin);
    scene.end = Answer::Over;
    let mut layer = HttpServer::new(None);
    let (mut up, mut down) = (Buf::new(1 << 20), Buf::new(1 << 20));
    layer
        .recv(&mut scene.client.to_vec(), &mut up, &mut down)
        .expect("a good request");
    layer.ask().expect("it wants the origin");
    layer.answer(scene.answer);
    let used = layer.send(&origin, &mut down);
    assert_eq!(used, Ok(origin.len()), "all at once");
    let framing = down.len() - data.len();
    assert!(framing < 100, "{framing} bytes of framing for one piece");
}
