//! Any word, read as a time, a size, a number, ports, a host and the name of a Unix socket: what
//! is accepted keeps its promises.

#![no_main]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ncat::cli::plan::UnixName;
use ncat::cli::{quantity, target};

fuzz_target!(|bytes: &[u8]| {
    let word = String::from_utf8_lossy(bytes);
    if let Ok(time) = quantity::time("-w timeout", &word) {
        let most = Duration::from_millis(i32::MAX as u64);
        assert!(
            !time.is_zero() && time <= most,
            "a time out of range: {time:?}"
        );
        assert!(quantity::quit(&word).is_ok(), "a time for -w is one for -q");
    }
    if let Ok(size) = quantity::size("size", &word, 1..=1 << 30) {
        assert!((1..=1 << 30).contains(&size), "a size out of range: {size}");
    }
    let _ = (quantity::unsigned(&word), quantity::lenient(&word));
    let mut service = |name: &str| u16::try_from(name.len()).ok();
    let port = target::port(&word, &mut service);
    if let Some(ports) = target::ports(&word, &mut service) {
        assert!(!ports.is_empty(), "a list without ports");
        assert!(
            ports.iter().all(|range| range.first <= range.last),
            "a range that runs backwards"
        );
    } else {
        assert_eq!(port, None, "a port that is no list of one");
    }
    assert!(
        word.contains(target::host(&word)),
        "a host that was not given"
    );
    match target::unix_name(OsStr::from_bytes(bytes)) {
        Ok(UnixName::Path(path)) => assert_eq!(path.as_os_str().as_bytes(), bytes, "the path"),
        Ok(UnixName::Abstract(name)) => assert_eq!(name.as_bytes(), &bytes[1..], "the name"),
        Err(_) => assert!(!(2..=107).contains(&bytes.len()), "a good name was refused"),
    }
});
