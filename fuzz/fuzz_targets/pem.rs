//! Any bytes where certificates and keys should be: they are read or refused with words, and text
//! before them changes nothing.

#![no_main]

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use ncat::secure::pem::{certificates, key};

fuzz_target!(|bytes: &[u8]| {
    let behind = [b"somebody's words\n", bytes].concat();
    match certificates(bytes) {
        Ok(found) => {
            assert!(!found.is_empty(), "no certificate is no error");
            assert_eq!(certificates(&behind), Ok(found), "behind words");
        }
        Err(words) => assert!(is_plain(&words), "words of {words:?}"),
    }
    // Nobody is there: how a pass phrase becomes a key takes as long as the file says.
    let nobody = "nobody to ask";
    let asked = Cell::new(0);
    let mut ask = |_| {
        asked.set(asked.get() + 1);
        Err(nobody.to_owned())
    };
    match key(bytes, &mut ask) {
        Ok(found) => {
            assert_eq!(asked.get(), 0, "a key that needed nobody");
            assert_eq!(key(&behind, &mut ask), Ok(found), "behind words");
        }
        Err(words) => {
            assert!(is_plain(&words), "words of {words:?}");
            assert_eq!(asked.get() == 1, words == nobody, "asked, and not told so");
        }
    }
});

fn is_plain(words: &str) -> bool {
    !words.is_empty() && !words.contains(char::is_control)
}
