//! Any arguments, NUL between them: they are understood or refused, and always in the same way.

#![no_main]

use std::ffi::{OsStr, OsString};
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use ncat::cli::lines::Lines;
use ncat::cli::plan::{Address, Family, Given, Protocol};
use ncat::cli::{Log, World, parse};

/// Answers from the question alone.
struct Fake;

impl World for Fake {
    fn speak(&mut self, _: Lines) {}

    fn given(&mut self) -> Result<Given, String> {
        Ok(Given::Listeners { sctp: false })
    }

    fn ready_fd(&mut self, number: i32) -> Result<(), String> {
        match number % 2 {
            0 => Ok(()),
            _ => Err("It is odd.".into()),
        }
    }

    fn open_log(&mut self, path: &Path, _: Log) -> io::Result<()> {
        match path.is_absolute() {
            true => Ok(()),
            false => Err(io::Error::from_raw_os_error(2)),
        }
    }

    fn read_list(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        Ok(path.as_os_str().as_bytes().into())
    }

    fn load_script(&mut self, path: &Path) -> Result<(), String> {
        match path.as_os_str().len() % 3 {
            0 => Err("Error loading the Lua script: gone.".into()),
            _ => Ok(()),
        }
    }

    fn banner(&mut self) {}

    fn proxy_auth(&mut self) -> Option<OsString> {
        Some("user:pass".into())
    }

    fn hurry(&mut self, _: Duration) {}

    fn resolve(&mut self, host: &str, _: Family, numeric: bool) -> Result<Vec<Address>, String> {
        let ip = Ipv4Addr::LOCALHOST.into();
        let known = host.is_ascii() && !numeric;
        known
            .then(|| vec![Address { ip, zone: 0 }])
            .ok_or_else(|| "Name or service not known".into())
    }

    fn service(&mut self, name: &str, _: Protocol) -> Option<u16> {
        name.len().try_into().ok()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let args: Vec<OsString> = bytes
        .split(|&byte| byte == 0)
        .map(|arg| OsStr::from_bytes(arg).into())
        .collect();
    let once = parse("ncat".as_ref(), args.clone(), &mut Fake);
    if let Err(error) = &once {
        assert!(
            !error.lines.is_empty() && matches!(error.status, 1 | 2),
            "a mistake is told: {error:?}"
        );
    }
    let again = parse("ncat".as_ref(), args, &mut Fake);
    assert_eq!(once, again, "the same command line means the same");
});
