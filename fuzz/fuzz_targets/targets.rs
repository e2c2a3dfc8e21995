//! Any text as an address of a page and as the target of a tunnel: what is accepted names one host and one
//! port, and means the same when it is written down plainly.

#![no_main]

use libfuzzer_sys::fuzz_target;
use ncat::wire::proxy::http::target::{of_authority, of_uri};
use ncat::wire::{Endpoint, Host};

fn check(to: &Endpoint) {
    assert!(to.port > 0, "no port");
    if let Host::Name(name) = &to.host {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || !c.is_ascii();
        let good = (1..=255).contains(&name.len()) && name.chars().all(plain);
        assert!(good && !name.chars().any(char::is_control), "{name:?}");
    }
    let again = of_authority(&to.to_string());
    assert_eq!(again.as_ref(), Some(to), "written down plainly");
}

fuzz_target!(|text: &str| {
    for uri in [text.into(), format!("http://{text}")] {
        if let Some(target) = of_uri(&uri) {
            check(&target.to);
            assert!(!target.path.contains('#'), "{:?}", target.path);
            assert!(uri.contains(&target.path), "{:?}", target.path);
            let plain = format!("http://{}{}", target.to, target.path);
            assert_eq!(of_uri(&plain), Some(target), "written down plainly");
        }
    }
    if let Some(to) = of_authority(text) {
        check(&to);
        let target = of_uri(&format!("http://{text}")).map(|target| target.to);
        assert_eq!(target, Some(to), "a tunnel there and a page there");
    }
});
