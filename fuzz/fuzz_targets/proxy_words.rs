//! Any text, read as proxies, as a name and a password, and as rules for destinations: what is accepted
//! keeps its promises, and means the same when it is written down again. Sixteen bytes in front are an
//! address, and two more a port.

#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use ncat::access::{Destinations, Source};
use ncat::cli::plan::{Login, ProxyKind};
use ncat::cli::proxy::{self, Who, Word};

/// Names that lead somewhere.
struct Fake;

impl Source for Fake {
    fn file(&mut self, path: &Path) -> Result<Vec<u8>, String> {
        panic!("somebody wanted to read {path:?}");
    }

    fn numeric(&mut self, word: &str) -> Option<IpAddr> {
        let number: u32 = word.parse().ok()?;
        Some(Ipv4Addr::from_bits(number).into())
    }

    fn named(&mut self, name: &str) -> Result<Vec<IpAddr>, String> {
        match name.len() {
            1 => Err("nobody is called like that".into()),
            n => Ok(vec![
                Ipv4Addr::from_bits(n as u32).into(),
                Ipv6Addr::LOCALHOST.into(),
            ]),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&number, rest)) = bytes.split_first_chunk::<16>() else {
        return;
    };
    let Some((&port, text)) = rest.split_first_chunk::<2>() else {
        return;
    };
    let words = String::from_utf8_lossy(text);
    ways(&words);
    if let Ok(login) = proxy::login("--proxy-auth", text) {
        let mut whole = login.user.clone();
        for password in login.password.iter() {
            whole.push(b':');
            whole.extend(password);
        }
        assert_eq!(whole, text, "a login that is not what was typed");
        assert!(!login.user.contains(&b':'), "a colon in a name");
        unbroken(&login);
    }
    rules(&words, number.into(), u16::from_be_bytes(port));
});

fn ways(list: &str) {
    let words = match proxy::words(list) {
        Ok(words) => words,
        Err(sentence) => {
            assert!(sentence.starts_with("Invalid "), "{list:?}: {sentence}");
            let secret = list.contains('@') && sentence.contains('"');
            assert!(!secret, "a refusal that may show a password: {sentence}");
            return;
        }
    };
    assert_eq!(words.len(), list.split(',').count(), "proxies in {list:?}");
    for word in &words {
        let plain = !word
            .host
            .contains(|c: char| c.is_control() || c.is_whitespace());
        assert!(
            plain && !word.host.is_empty(),
            "a host of {list:?}: {word:?}"
        );
        assert!(word.port != Some(0), "a port of {list:?}: {word:?}");
        if let Who::Is(login) = &word.who {
            unbroken(login);
        }
    }
    let again: Vec<_> = words.iter().map(written).collect();
    let again = again.join(",");
    assert_eq!(proxy::words(&again), Ok(words), "{list:?} as {again:?}");
}

fn unbroken(login: &Login) {
    let parts = login.user.iter().chain(login.password.iter().flatten());
    let controls = parts.filter(|c| c.is_ascii_control()).count();
    assert_eq!(controls, 0, "control characters in who we are");
}

/// A proxy as one could have typed it.
fn written(word: &Word) -> String {
    let escaped = |part: &[u8]| {
        part.iter()
            .map(|byte| format!("%{byte:02x}"))
            .collect::<String>()
    };
    let mut text = String::new();
    if let Some(scheme) = word.scheme {
        text += match (scheme.kind, scheme.secure) {
            (ProxyKind::Http, false) => "http://",
            (ProxyKind::Http, true) => "https://",
            (ProxyKind::Socks4, _) => "socks4://",
            (ProxyKind::Socks5, _) => "socks5://",
        };
    }
    if let Who::Is(login) = &word.who {
        text += &escaped(&login.user);
        for password in login.password.iter() {
            text += ":";
            text += &escaped(password);
        }
    }
    if word.who != Who::Unsaid {
        text += "@";
    }
    text += &match word.host.contains(':') {
        true => format!("[{}]", word.host),
        false => word.host.clone(),
    };
    if let Some(port) = word.port {
        text += &format!(":{port}");
    }
    text
}

fn rules(words: &str, number: Ipv6Addr, port: u16) {
    let lists = [words.to_owned()];
    let Ok(deny) = Destinations::read(&[], &lists, &mut Fake) else {
        return;
    };
    let allow =
        Destinations::read(&lists, &[], &mut Fake).expect("what may be denied may be allowed");
    let both = Destinations::read(&lists, &lists, &mut Fake).expect("the same twice");
    let [a, b, c, d, ..] = number.octets();
    let v4 = Ipv4Addr::new(a, b, c, d);
    let name = words.split([',', ':', '/']).next();
    for ip in [number.into(), v4.into(), v4.to_ipv6_mapped().into()] {
        let ip: IpAddr = ip;
        for name in [None, name] {
            let denied = !deny.permits(name, ip, port);
            let allowed = allow.permits(name, ip, port);
            let place = format!("{name:?} at {ip} {port} by {words:?}");
            assert!(!both.permits(name, ip, port), "denied too: {place}");
            assert!(denied || !allowed, "allowed as it is not denied: {place}");
            let unspecified = ip.to_canonical().is_unspecified();
            assert!(allowed || !denied || unspecified, "neither: {place}");
            let refused = name.is_some_and(|name| !deny.permits_name(name, port));
            assert!(denied || !refused, "refused before, and not then: {place}");
        }
    }
    let (mapped, plain) = (v4.to_ipv6_mapped().into(), v4.into());
    assert_eq!(
        deny.permits(None, mapped, port),
        deny.permits(None, plain, port),
        "{v4} is judged by how it is written, by {words:?}"
    );
}
