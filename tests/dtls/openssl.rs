//! Against openssl's own client and server.

use crate::kits::{self, Files, Kits};
use crate::scene::{Scene, WORD, word};
use crate::seat::Seat;

/// How many conversations over a bad way there are for either side.
const SEEDS: u64 = 20;

fn converse_all(scene: impl Fn(u64) -> Scene + Sync) {
    std::thread::scope(|scope| {
        for seed in 0..SEEDS {
            let scene = &scene;
            scope.spawn(move || scene(seed).converse());
        }
    });
}

#[test]
fn a_client_of_ours_talks_to_openssl_whatever_the_way_does() {
    let files = Files::make(&["-newkey", "rsa:2048"]);
    converse_all(|seed| {
        // Every other one asks for a cookie first, and every third has small datagrams.
        let mut args = Vec::new();
        args.extend((seed % 2 == 0).then_some("-listen"));
        if seed % 3 == 0 {
            args.extend(["-mtu", "400"]);
        }
        Scene::client(seed, true, &Kits::plain(), &files, &args)
    });
}

#[test]
fn a_server_of_ours_talks_to_openssl_whatever_the_way_does() {
    let files = Files::make(&["-newkey", "rsa:2048"]);
    let mut wishes = kits::wishes();
    files.give(&mut wishes);
    converse_all(|seed| {
        let server = if seed % 2 == 0 {
            wishes.clone()
        } else {
            kits::wishes()
        };
        let args: &[&str] = if seed % 3 == 0 { &["-mtu", "300"] } else { &[] };
        Scene::server(seed, true, &Kits::of(&kits::wishes(), &server), args)
    });
}

/// Hands are shaken and a few words go both ways.
fn greet(mut scene: Scene) {
    scene.run_until("handshake", |scene| {
        scene.seat.as_ref().is_some_and(Seat::is_open)
    });
    scene.openssl.tell(&word(1));
    scene.run_until("word of openssl", |scene| {
        scene
            .seat
            .as_ref()
            .is_some_and(|seat| !seat.heard.is_empty())
    });
    let seat = scene.seat.as_mut().expect("hands were shaken");
    assert_eq!(seat.heard, [word(1)], "{}", scene.name);
    seat.say(&word(2));
    scene.run_until("word to openssl", |scene| !scene.openssl.words().is_empty());
    assert_eq!(
        scene.openssl.words(),
        [&word(2)[..WORD - 1]],
        "{}",
        scene.name
    );
}

const SUITES: [&str; 3] = [
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "CHACHA20-POLY1305",
];
const GROUPS: [&str; 3] = [
    "X25519:P-256:P-384",
    "P-256:P-384:X25519",
    "P-384:P-256:X25519",
];
/// What `openssl req` makes, and the kind of suite it is for. Ed25519 openssl has for streams only.
const KEYS: [(&[&str], &str); 3] = [
    (&["-newkey", "rsa:2048"], "RSA"),
    (
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ECDSA",
    ),
    (
        &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
        "ECDSA",
    ),
];

#[test]
fn every_suite_group_and_key_goes_with_openssl_on_either_side() {
    for (at, (key, kind)) in KEYS.into_iter().enumerate() {
        let files = Files::make(key);
        let mut given = kits::wishes();
        files.give(&mut given);
        for (suite, group) in SUITES.into_iter().zip(GROUPS) {
            let suite = format!("ECDHE-{kind}-{suite}");
            let args = ["-cipher", &suite, "-groups", group];
            greet(Scene::client(
                at as u64,
                false,
                &Kits::plain(),
                &files,
                &args,
            ));
            greet(Scene::server(
                at as u64,
                false,
                &Kits::of(&given, &given),
                &args,
            ));
        }
    }
}

#[test]
fn both_sides_show_certificates_to_openssl_and_look_at_its_own() {
    for (at, (key, _)) in KEYS.into_iter().enumerate() {
        let files = Files::make(key);
        let [cert, key] =
            [&files.cert, &files.key].map(|path| path.to_str().expect("a plain path"));
        let kits = Kits::mutual(&files);
        let server = ["-Verify", "1", "-verify_return_error", "-CAfile", cert];
        greet(Scene::client(at as u64, false, &kits, &files, &server));
        let client = [
            "-cert",
            cert,
            "-key",
            key,
            "-CAfile",
            cert,
            "-verify_return_error",
        ];
        greet(Scene::server(at as u64, false, &kits, &client));
    }
}

#[test]
fn the_installed_ncat_gets_in() {
    const REFERENCE: &str = "/usr/bin/ncat";
    if !std::path::Path::new(REFERENCE).exists() {
        println!("SKIPPED: there is no ncat at {REFERENCE}");
        return;
    }
    let files = Files::make(&["-newkey", "rsa:2048"]);
    let mut given = kits::wishes();
    files.give(&mut given);
    for server in [kits::wishes(), given] {
        greet(Scene::server_of_ncat(
            REFERENCE,
            &Kits::of(&server, &server),
        ));
    }
}
