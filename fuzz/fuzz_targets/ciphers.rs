//! Any cipher list: it is refused, or what it chooses is what its own names choose, and what is
//! excluded is gone.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::secure::ciphers::choose;

fuzz_target!(|list: &str| {
    let Ok(chosen) = choose(list) else { return };
    let names: Vec<String> = chosen
        .iter()
        .map(|suite| suite.as_str().expect("a suite of ours has a name"))
        .map(|name| name.replace("TLS13_", "TLS_"))
        .collect();
    assert!(!names.is_empty(), "a list that leaves nothing is no error");
    if names[0].starts_with("TLS_AES") || names[0].starts_with("TLS_CHACHA20") {
        let again = choose(&names.join(":"));
        assert_eq!(again.as_ref(), Ok(&chosen), "chosen again by name");
    }
    for (place, suite) in chosen.iter().enumerate() {
        assert!(
            !chosen[..place].contains(suite),
            "{suite:?} was chosen twice"
        );
        if let Ok(left) = choose(&format!("{list}:!{}", names[place])) {
            let expected: Vec<_> = chosen.iter().filter(|left| *left != suite).collect();
            assert_eq!(
                left.iter().collect::<Vec<_>>(),
                expected,
                "without {suite:?}"
            );
        }
    }
});
