//! Words for proxies: where they are, what they speak, and who we are there.
//!
//! Promise: reading a word asks nobody, and a word that may hold a password is not shown when it is
//! refused.

use std::ffi::OsString;
use std::fmt;
use std::net::Ipv6Addr;
use std::path::PathBuf;

#[cfg(feature = "proxy")]
use percent_encoding::percent_decode_str;

use super::plan::{Login, ProxyKind};
use super::words::{meaning, names};

/// The environment variable that stands in for `--proxy-auth`, so that nobody sees it among processes.
pub const AUTH_VARIABLE: &str = "NCAT_PROXY_AUTH";

/// What SOCKS has one byte to count with: names, and what proves who we are.
pub(super) const LONGEST: usize = 255;

/// What no name of a host holds, for it would end the name or begin something else in places that
/// names are told in.
const NOT_IN_NAMES: &[char] = &[
    '%', '/', ':', '?', '#', '[', ']', '@', '\\', '"', '\u{fffd}',
];

const KINDS: [(&str, ProxyKind); 3] = [
    ("http", ProxyKind::Http),
    ("socks4", ProxyKind::Socks4),
    ("socks5", ProxyKind::Socks5),
];

const WHO_RESOLVES: [(&str, Dns); 4] = [
    ("local", Dns::Local),
    ("remote", Dns::Remote),
    ("both", Dns::Both),
    ("none", Dns::None),
];

/// What `--proxy-type` may be.
pub const KIND_NAMES: [&str; 3] = names(&KINDS);

/// What `--proxy-dns` may be.
pub const DNS_NAMES: [&str; 4] = names(&WHO_RESOLVES);

const HTTP_PORT: u16 = 3128;
const HTTPS_PORT: u16 = 443;
const SOCKS_PORT: u16 = 1080;

/// The options that are about proxies, ours and others'.
#[derive(Default)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Proxies {
    /// `--proxy`: all that were given, in the order in which they are met.
    pub hops: Vec<Word>,
    /// `--proxy-type`.
    pub kind: Option<ProxyKind>,
    /// `--proxy-auth`: each that was given; more than one is refused later.
    pub auth: Vec<OsString>,
    pub dns: Option<Dns>,
    /// `--proxy-ssl-verify`.
    pub verify: bool,
    /// `--proxy-ssl-trustfile`: each that was given.
    pub trust: Vec<PathBuf>,
    /// `--proxy-allow`.
    pub allow: Vec<String>,
    /// `--proxy-deny`.
    pub deny: Vec<String>,
}

impl fmt::Debug for Proxies {
    /// Without passwords, for whatever is debugged ends up in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("hops", &self.hops)
            .field("kind", &self.kind)
            .field("auth", &self.auth.len())
            .field("dns", &self.dns)
            .field("verify", &self.verify)
            .field("trust", &self.trust)
            .field("allow", &self.allow)
            .field("deny", &self.deny)
            .finish()
    }
}

impl Proxies {
    /// Whether TLS is spoken with any proxy.
    pub fn is_secure(&self) -> bool {
        self.hops.iter().any(Word::is_secure)
    }

    /// What a word without a scheme means, and what we are when we listen.
    pub fn kind(&self) -> ProxyKind {
        self.kind.unwrap_or(ProxyKind::Http)
    }

    /// Whether `--proxy-type` tells anything that the words do not.
    pub fn all_have_schemes(&self) -> bool {
        self.hops.iter().all(|word| word.scheme.is_some())
    }

    /// Whether `--proxy-auth` tells anything that the words do not.
    pub fn all_have_logins(&self) -> bool {
        self.hops.iter().all(|word| word.who != Who::Unsaid)
    }
}

/// Who resolves the target's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dns {
    /// We do.
    Local,
    /// The proxy does.
    Remote,
    /// We do if we can, else the proxy.
    Both,
    /// Nobody.
    None,
}

/// A proxy as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// How it is met, if that was said.
    pub scheme: Option<Scheme>,
    /// Who we are there.
    pub who: Who,
    /// Its host, without brackets.
    pub host: String,
    /// The port there.
    pub port: Option<u16>,
}

/// Who we are at a proxy, as its word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// It does not say: whoever we are at all of them.
    Unsaid,
    /// Nobody: what others are told is none of its business.
    Nobody,
    /// This one.
    Is(Login),
}

/// How a proxy is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// What it speaks.
    pub kind: ProxyKind,
    /// It speaks that in TLS.
    pub secure: bool,
}

impl Word {
    /// Whether TLS is spoken with it.
    pub fn is_secure(&self) -> bool {
        self.scheme.is_some_and(|scheme| scheme.secure)
    }

    /// What it speaks, if a word without a scheme means that kind.
    pub fn kind(&self, otherwise: ProxyKind) -> ProxyKind {
        self.scheme.map_or(otherwise, |scheme| scheme.kind)
    }

    /// The port that was given, or the one where such a proxy usually is.
    pub fn port(&self, otherwise: ProxyKind) -> u16 {
        let usual = match self.is_secure() {
            true => HTTPS_PORT,
            false => usual_port(self.kind(otherwise)),
        };
        self.port.unwrap_or(usual)
    }
}

impl Scheme {
    fn named(name: &str) -> Option<Self> {
        let (kind, secure) = match name.to_ascii_lowercase().as_str() {
            "http" => (ProxyKind::Http, false),
            "https" => (ProxyKind::Http, true),
            "socks4" | "socks4a" => (ProxyKind::Socks4, false),
            "socks5" | "socks5h" => (ProxyKind::Socks5, false),
            _ => return None,
        };
        Some(Self { kind, secure })
    }
}

/// Where a proxy that speaks in the clear usually is, and where one of ours listens.
pub fn usual_port(kind: ProxyKind) -> u16 {
    match kind {
        ProxyKind::Http => HTTP_PORT,
        ProxyKind::Socks4 | ProxyKind::Socks5 => SOCKS_PORT,
    }
}

/// Proxies with commas between them.
pub fn words(list: &str) -> Result<Vec<Word>, String> {
    let each = list.split(',');
    each.map(|text| word(text).map_err(|slip| slip.sentence(list, text)))
        .collect()
}

/// What is wrong with a word.
enum Slip {
    Shape,
    Port(String),
}

impl Slip {
    /// A comma in a password would have cut it in two, so that all of the list may be part of one.
    fn sentence(self, list: &str, text: &str) -> String {
        let secret = list.contains('@');
        // In a URL whose `@host` was forgotten, a password stands where a port would.
        let plain = |port: &str| !list.contains("://") || port.bytes().all(|c| c.is_ascii_digit());
        match self {
            Self::Port(port) if !secret && plain(&port) => {
                format!("Invalid proxy port number \"{port}\".")
            }
            Self::Port(_) => "Invalid proxy port number.".into(),
            Self::Shape => {
                let shown = match secret {
                    true => String::new(),
                    false => format!(" \"{}\"", text.escape_debug()),
                };
                format!(
                    "Invalid --proxy{shown} (must be host[:port], or http://, https://, socks4:// or \
                     socks5:// with [user[:pass]@]host[:port] behind it; a comma begins the next \
                     proxy)."
                )
            }
        }
    }
}

fn word(text: &str) -> Result<Word, Slip> {
    match text.split_once("://") {
        Some((scheme, rest)) => url(scheme, rest),
        None => {
            let (host, port) = if is_v6(text) {
                (text, None)
            } else {
                place(text)?
            };
            Ok(Word {
                scheme: None,
                who: Who::Unsaid,
                host: host.into(),
                port,
            })
        }
    }
}

fn url(scheme: &str, rest: &str) -> Result<Word, Slip> {
    let scheme = Scheme::named(scheme).ok_or(Slip::Shape)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let (who, authority) = match authority.rsplit_once('@') {
        Some(("", authority)) => (Who::Nobody, authority),
        Some((who, authority)) => (Who::Is(userinfo(who, scheme.kind)?), authority),
        None => (Who::Unsaid, authority),
    };
    let (host, port) = place(authority)?;
    Ok(Word {
        scheme: Some(scheme),
        who,
        host: host.into(),
        port,
    })
}

/// `host`, `host:port`, and the same with an IPv6 address in brackets.
fn place(text: &str) -> Result<(&str, Option<u16>), Slip> {
    let bracketed = text.strip_prefix('[');
    let (host, behind) = match bracketed {
        Some(rest) => rest.split_once(']').ok_or(Slip::Shape)?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let good = match bracketed {
        Some(_) => is_v6(host),
        None => is_name(host),
    };
    // Two colons and more are an address that went wrong, not a port; and a name with a password stands in
    // URLs only.
    let rest = behind.strip_prefix(':');
    match rest {
        _ if !good => Err(Slip::Shape),
        None if behind.is_empty() => Ok((host, None)),
        Some(digits) if !digits.contains([':', '@']) => {
            let port = port(digits).ok_or_else(|| Slip::Port(digits.into()))?;
            Ok((host, Some(port)))
        }
        None | Some(_) => Err(Slip::Shape),
    }
}

/// Digits that come to a port one can connect to.
fn port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|c| c.is_ascii_digit());
    digits.parse().ok().filter(|&port| plain && port > 0)
}

/// An IPv6 address, with an interface behind it or not.
fn is_v6(text: &str) -> bool {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let good = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty() && zone.chars().all(good)
}

/// Whether a host can be named so to others, who look it up.
pub fn is_name(host: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || NOT_IN_NAMES.contains(&c);
    (1..=LONGEST).contains(&host.len()) && !host.contains(bad)
}

/// Who we are, as a URL says it.
fn userinfo(text: &str, kind: ProxyKind) -> Result<Login, Slip> {
    let (user, password) = match text.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (text, None),
    };
    let login = Login {
        user: decoded(user)?,
        password: password.map(decoded).transpose()?,
    };
    // To HTTP, a name ends with its first colon, so none can be in it.
    let cut = kind == ProxyKind::Http && login.user.contains(&b':');
    match cut || has_controls(&login) {
        true => Err(Slip::Shape),
        false => Ok(login),
    }
}

/// What a part of a URL stands for. Where it would end in other eyes than ours, it is refused.
fn decoded(text: &str) -> Result<Vec<u8>, Slip> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@' | '\u{fffd}');
    let whole = |escape: &str| {
        let digits = escape.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match text.contains(ends) || !text.split('%').skip(1).all(whole) {
        true => Err(Slip::Shape),
        false => Ok(unescaped(text)),
    }
}

#[cfg(feature = "proxy")]
fn unescaped(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// A build without proxies refuses the option whatever it says.
#[cfg(not(feature = "proxy"))]
fn unescaped(text: &str) -> Vec<u8> {
    text.into()
}

/// Who we are: `user:pass`, where there may be more colons in the password. `what` names the word in a
/// refusal.
pub fn login(what: &str, word: &[u8]) -> Result<Login, String> {
    let mut halves = word.splitn(2, |&c| c == b':');
    let login = Login {
        user: halves.next().unwrap_or_default().into(),
        password: halves.next().map(Vec::from),
    };
    match word.is_empty() || has_controls(&login) {
        true => Err(format!(
            "Invalid {what} (must be user:pass, without control characters)."
        )),
        false => Ok(login),
    }
}

/// They would end a line of HTTP, or the name in SOCKS4.
fn has_controls(login: &Login) -> bool {
    let parts = [Some(&login.user), login.password.as_ref()];
    let mut bytes = parts.into_iter().flatten().flatten();
    bytes.any(u8::is_ascii_control)
}

/// What a proxy speaks.
pub fn kind(word: &str) -> Result<ProxyKind, String> {
    let name = match word {
        "4" => "socks4",
        "5" => "socks5",
        name => name,
    };
    meaning(&KINDS, name).ok_or_else(|| format!("Invalid proxy type \"{word}\"."))
}

/// Who resolves.
pub fn dns(word: &str) -> Result<Dns, String> {
    meaning(&WHO_RESOLVES, word).ok_or_else(|| "Invalid proxy DNS type.".into())
}

#[cfg(all(test, feature = "proxy"))]
mod tests;
