//! The way to a target through proxies: who is dialled, and what each proxy is told.
//!
//! Only the first proxy is looked up by us. Each of the others, and the target behind the last, is an
//! address or a name that the one before is told.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;

use super::opts::{Domain, Options};
use super::place::{Place, family};
use super::plan::{Address, Family, Far, Hop, Login, ProxyKind, Way};
use super::proxy::{self, AUTH_VARIABLE, Dns, LONGEST, Who, Word};
use super::ssl::Ssl;
use super::{UsageError, World, target};
use crate::secure::Wishes;

/// The proxies, before anything is known of the target.
pub(super) struct Ahead {
    /// All addresses of the first.
    pub(super) addresses: Vec<Address>,
    /// All of them; never empty.
    hops: Vec<Hop>,
    secure: Option<Wishes>,
}

impl Ahead {
    /// The port of the first.
    pub(super) fn port(&self) -> u16 {
        self.hops.first().map_or(0, |hop| hop.port)
    }

    /// What the last of them speaks.
    fn last(&self) -> Option<ProxyKind> {
        self.hops.last().map(|hop| hop.kind)
    }

    /// The way to a host behind them.
    pub(super) fn way(self, host: Far, port: u16) -> Way {
        Way {
            hops: self.hops,
            host,
            port,
            secure: self.secure,
        }
    }
}

/// The proxies that were asked for, if any were.
pub(super) fn ahead(options: &Options, world: &mut dyn World) -> Result<Option<Ahead>, UsageError> {
    let words = &options.proxy.hops;
    let Some(first) = words.first() else {
        return Ok(None);
    };
    let login = match options.proxy.all_have_logins() {
        true => None,
        false => given_login(options, world)?,
    };
    let found = world.resolve(&first.host, family(options), options.numeric_only);
    let addresses = found.map_err(|why| unresolved(&first.host, &why))?;
    let hops: Result<Vec<Hop>, _> = words
        .iter()
        .enumerate()
        .map(|(k, word)| hop(word, k == 0, login.as_ref(), options, world))
        .collect();
    let hops = hops?;
    for pair in hops.windows(2) {
        sayable(pair[0].kind, &pair[1].host)?;
    }
    Ok(Some(Ahead {
        addresses,
        hops,
        secure: options.proxy.is_secure().then(|| wishes(options)),
    }))
}

/// One proxy. What the first of them is called has been looked up already.
fn hop(
    word: &Word,
    first: bool,
    login: Option<&Login>,
    options: &Options,
    world: &mut dyn World,
) -> Result<Hop, UsageError> {
    let usual = options.proxy.kind();
    let kind = word.kind(usual);
    let login = match &word.who {
        Who::Unsaid => login.cloned(),
        Who::Nobody => None,
        Who::Is(login) => Some(login.clone()),
    };
    if kind == ProxyKind::Socks5 && login.as_ref().is_some_and(is_too_long) {
        return Err(UsageError::quitting(
            "SOCKS5 has room for names of 1 to 255 bytes and passwords of no more.",
        ));
    }
    let host = match numeric(&word.host, world) {
        Some(address) if first => Far::Ip(address.ip),
        Some(address) => Far::Ip(without_zone(&word.host, address)?),
        None if options.numeric_only && !first => {
            return Err(unresolved(&word.host, "Name or service not known"));
        }
        None => Far::Name(word.host.clone()),
    };
    Ok(Hop {
        kind,
        secure: word.is_secure(),
        name: word.host.clone(),
        host,
        port: word.port(usual),
        login,
    })
}

fn is_too_long(login: &Login) -> bool {
    let password = login.password.as_ref();
    let fits = (1..=LONGEST).contains(&login.user.len());
    !fits || password.is_some_and(|password| password.len() > LONGEST)
}

fn unresolved(host: &str, why: &str) -> UsageError {
    UsageError::failing(format!("Could not resolve proxy \"{host}\": {why}."))
}

/// `--proxy-auth`, or else what the environment says; there is nobody without a name.
pub(super) fn given_login(
    options: &Options,
    world: &mut dyn World,
) -> Result<Option<Login>, UsageError> {
    let login = match options.proxy.auth.first() {
        Some(word) => proxy::login("--proxy-auth", word.as_bytes()).map(Some),
        None => {
            let word = world.proxy_auth().filter(|word| !word.is_empty());
            word.map(|word| proxy::login(AUTH_VARIABLE, word.as_bytes()))
                .transpose()
        }
    };
    login.map_err(UsageError::quitting)
}

/// How proxies are met that speak TLS. Whose name to expect depends on the proxy.
fn wishes(options: &Options) -> Wishes {
    let ssl = Ssl {
        verify: options.proxy.verify,
        trust: options.proxy.trust.clone(),
        ..Ssl::default()
    };
    ssl.wishes(None, None)
}

impl Place<'_> {
    /// The target as the last proxy is told.
    pub(super) fn far(&mut self, word: &OsString, ahead: &Ahead) -> Result<Far, UsageError> {
        let word = word.to_string_lossy();
        let host = target::host(&word);
        let last = ahead.last().unwrap_or(ProxyKind::Http);
        let far = match numeric(host, self.world) {
            Some(address) => self.address(host, address)?,
            None => self.named(host, last)?,
        };
        sayable(last, &far)?;
        Ok(far)
    }

    fn dns(&self) -> Dns {
        self.options.proxy.dns.unwrap_or(Dns::Remote)
    }

    /// An address is told as one, whoever resolves names. What `-4` and `-6` say is about what we
    /// resolve and connect to.
    fn address(&self, host: &str, address: Address) -> Result<Far, UsageError> {
        let ip = without_zone(host, address)?;
        let wanted = match self.family() {
            Family::Any => true,
            Family::V4 => ip.is_ipv4(),
            Family::V6 => ip.is_ipv6(),
        };
        match self.dns() {
            Dns::Local | Dns::None if !wanted => Err(failed(host)),
            Dns::Local | Dns::None | Dns::Remote | Dns::Both => Ok(Far::Ip(ip)),
        }
    }

    fn named(&mut self, host: &str, last: ProxyKind) -> Result<Far, UsageError> {
        let local = match self.dns() {
            Dns::None => return Err(failed(host)),
            Dns::Remote => return self.told(host),
            Dns::Local | Dns::Both => self.locally(host, last),
        };
        match local {
            Some(ip) => {
                self.notes
                    .push(format!("Host {host} locally resolved to {ip}."));
                Ok(Far::Ip(ip))
            }
            None if self.dns() == Dns::Both => self.told(host),
            None => Err(failed(host)),
        }
    }

    /// The address of a host as we find it, unless `-n` forbids that.
    fn locally(&mut self, host: &str, last: ProxyKind) -> Option<IpAddr> {
        let family = match (self.options.domain, last) {
            (Domain::Any, ProxyKind::Socks4) => Family::V4, // it can say no others
            _ => self.family(),
        };
        let numeric_only = self.options.numeric_only;
        let found = self.world.resolve(host, family, numeric_only).ok()?;
        let mut addresses = found.iter();
        // The interfaces of the proxy are not ours.
        let address = addresses.find(|address| address.zone == 0)?;
        Some(address.ip)
    }

    /// A name for the proxy to resolve.
    fn told(&mut self, host: &str) -> Result<Far, UsageError> {
        if !proxy::is_name(host) {
            let shown: String = host.chars().take(SHOWN).collect();
            return Err(UsageError::quitting(format!(
                "No proxy can be asked for \"{}\" (the name of a host has 1 to {LONGEST} bytes, and \
                 neither blanks nor signs that mean something in addresses).",
                shown.escape_debug()
            )));
        }
        self.notes
            .push(format!("Host {host} will be resolved by the proxy."));
        Ok(Far::Name(host.into()))
    }
}

/// How much is shown of a name that is none.
const SHOWN: usize = 300;

fn failed(host: &str) -> UsageError {
    UsageError::failing(format!("Error: Failed to resolve host {host} locally."))
}

/// The address that is written there, in any of the ways that there are.
fn numeric(host: &str, world: &mut dyn World) -> Option<Address> {
    let found = world.resolve(host, Family::Any, true).ok()?;
    found.first().copied()
}

/// The interface behind a link-local address is one of ours, and so nobody else's.
fn without_zone(host: &str, address: Address) -> Result<IpAddr, UsageError> {
    match address.zone {
        0 => Ok(address.ip),
        _ => Err(UsageError::quitting(format!(
            "The interface in \"{host}\" is one of ours, and means nothing to a proxy."
        ))),
    }
}

/// Whether a proxy can be told that host.
fn sayable(kind: ProxyKind, host: &Far) -> Result<(), UsageError> {
    match (kind, host) {
        (ProxyKind::Socks4, Far::Ip(IpAddr::V6(_))) => Err(UsageError::failing(
            "Error: IPv6 addresses are not supported with Socks4.",
        )),
        (ProxyKind::Socks4, Far::Ip(IpAddr::V4(ip))) if (1..256).contains(&ip.to_bits()) => {
            Err(UsageError::failing(format!(
                "Error: {ip} is no address to Socks4, which marks names in this way."
            )))
        }
        _ => Ok(()),
    }
}
