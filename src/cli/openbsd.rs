//! The command line of OpenBSD's netcat: what its letters mean, said in our options.
//!
//! Its words for places and its defaults are turned into ours, and the rest is left to the checks that any
//! command line goes through. What differs in a run is told by fields of the plan.
//! Promise: a mistake is reported with `nc: ` in front, and its status is 1.

mod words;

use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::time::Duration;

use self::words::{help, in_its_words, unresolved, usage};
use super::compat::Dialect;
use super::opts::{self, Domain, Options};
use super::plan::{Guests, Plan, PortRange, ProxyKind, Quit, Role, Tongue};
use super::proxy::{self, Dns};
use super::target::{self, PortWord};
use super::{Parsed, UsageError, World, checks, place};

/// `nc` waits for a connection as long as the system does, which gives up long before this.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What `-w 0` gives: enough for what is there already, on this machine or behind stdin, and no more.
const AT_ONCE: Duration = Duration::from_millis(20);

/// What only its letters say.
#[derive(Debug, Default)]
pub struct Words {
    /// `-b`.
    pub broadcast: bool,
    /// `-N`.
    pub half: bool,
    /// `-d`.
    pub detached: bool,
    /// `-W`.
    pub packets: Option<u32>,
    /// `-F`.
    pub pass_on: bool,
    /// `-r`.
    pub random: bool,
    /// `-i`.
    pub interval: Option<Duration>,
    /// `-x`.
    pub proxy: Option<String>,
    /// `-X`.
    pub kind: Option<ProxyKind>,
    /// `-P`.
    pub user: Option<OsString>,
    /// Why the first of the letters that cannot be obeyed is not.
    refused: Option<&'static str>,
}

impl Words {
    /// Remembers a letter that cannot be obeyed.
    pub fn refuse(&mut self, why: &'static str) {
        self.refused.get_or_insert(why);
    }
}

/// Understands the arguments behind `argv0`.
pub(super) fn parse(
    argv0: &OsStr,
    args: Vec<OsString>,
    world: &mut dyn World,
) -> Result<Parsed, UsageError> {
    let read = opts::read_as(Dialect::Openbsd, argv0, args);
    let (options, operands) = read.map_err(in_its_words)?;
    if options.special.is_some() {
        return Ok(Parsed::Usage(help()));
    }
    let plan = plan(options, &operands, world).map_err(in_its_words)?;
    Ok(Parsed::Run(Box::new(plan)))
}

fn plan(
    mut options: Options,
    operands: &[OsString],
    world: &mut dyn World,
) -> Result<Plan, UsageError> {
    refuse(&options)?;
    let words = mem::take(&mut options.nc);
    let warnings = warnings(&options, &words);
    let verbose = mem::take(&mut options.verbose);
    let operands = operands_of_ours(&mut options, operands, world)?;
    lead(&mut options, &words)?;
    let role_is_listen = options.listen;
    options.no_shutdown = !words.half && !matches!(options.quit, Quit::After(_));
    options.quit = match options.quit {
        Quit::After(after) => Quit::After(after),
        Quit::Default | Quit::Never => Quit::Never,
    };
    options.half_close = !role_is_listen;
    if !options.datagram {
        // The lowest two bits are ECN's, which TCP sets by itself; and it reaches one.
        options.sockets.tos = options.sockets.tos.map(|class| class & !3);
    }
    options.recv_only = words.detached;
    options.delay = words.interval;
    options.wait = options.wait.map(|wait| wait.max(AT_ONCE));
    options.idle = options.wait;
    options.wait = Some(options.wait.unwrap_or(FOR_EVER));
    let host = operands.first().map(|host| host.to_string_lossy());
    let tongue = Tongue::Nc {
        host: host.filter(|_| !role_is_listen).map(Into::into),
        numeric: options.numeric_only,
    };
    let port = operands
        .get(1)
        .filter(|_| words.proxy.is_none() && !role_is_listen);
    let port = port.map(|ports| ports.to_string_lossy().into_owned());
    let named = words.proxy.is_some();
    let plan = checks::plan(options, &operands, world).map_err(|error| match named {
        true => error,
        false => unresolved(error, port.as_deref()),
    })?;
    Ok(adapted(plan, &words, tongue, (verbose, warnings)))
}

/// What differs in a run.
fn adapted(
    mut plan: Plan,
    words: &Words,
    tongue: Tongue,
    (verbose, warnings): (u8, Vec<String>),
) -> Plan {
    plan.tongue = tongue;
    plan.verbose = verbose;
    // Those that were found name options that nobody has given.
    plan.warnings = warnings;
    plan.notes.clear();
    plan.flow.lenient = true;
    plan.flow.packets = words.packets;
    plan.flow.pass_on = words.pass_on;
    let is_one = match &plan.role {
        Role::Connect(connect) => connect.count() == 1,
        Role::Listen(listen) => listen.guests == Guests::One,
        Role::Scan(_) => false,
    };
    if is_one {
        plan.dress.interval = plan.dress.delay.take();
    }
    plan.sockets.broadcast = words.broadcast;
    match &mut plan.role {
        Role::Listen(listen) => listen.in_turn = true,
        Role::Scan(scan) => {
            scan.in_turn = true;
            if words.random {
                scan.ports = shuffled(&scan.ports);
            }
        }
        Role::Connect(connect) if words.random => connect.ports = shuffled(&connect.ports),
        Role::Connect(_) => {}
    }
    plan
}

/// A rule: when it is broken, and what to say then.
type Limit = (fn(&Options) -> bool, &'static str);

const LIMITS: [Limit; 10] = [
    (
        |o| o.nc.pass_on && o.domain == Domain::Unix,
        "cannot use -F and -U",
    ),
    (|o| o.nc.pass_on && o.listen, "cannot use -F and -l"),
    (|o| o.nc.pass_on && o.zero_io, "cannot use -F and -z"),
    (|o| o.zero_io && o.listen, "cannot use -z and -l"),
    (|o| o.keep_open && !o.listen, "must use -l with -k"),
    (
        |o| o.nc.proxy.is_some() && o.domain == Domain::Unix,
        "no proxy support for unix sockets",
    ),
    (
        |o| o.nc.proxy.is_some() && o.listen,
        "no proxy support for listen",
    ),
    (
        |o| o.nc.proxy.is_some() && o.datagram,
        "no proxy support for UDP mode",
    ),
    (
        |o| o.nc.proxy.is_some() && o.source.is_some(),
        "no proxy support for local source address",
    ),
    (
        |o| o.domain == Domain::Unix && o.source_port.is_some(),
        "cannot use -p and -U",
    ),
];

fn refuse(options: &Options) -> Result<(), UsageError> {
    if let Some(flag) = options.unsupported {
        let words = format!("{} is not supported by this build", flag.name());
        return Err(UsageError::quitting(words));
    }
    let broken = LIMITS.iter().find(|(broken, _)| broken(options));
    match broken.map(|(_, words)| *words).or(options.nc.refused) {
        Some(words) => Err(UsageError::quitting(words)),
        None => Ok(()),
    }
}

/// A sentence for each letter that does nothing here.
fn warnings(options: &Options, words: &Words) -> Vec<String> {
    let scans = options.zero_io;
    let direct = words.proxy.is_none();
    let rows = [
        ("-b", words.broadcast && options.listen, "with -l"),
        (
            "-b",
            words.broadcast && !options.listen && !options.datagram,
            "without -u",
        ),
        ("-C", options.crlf && scans, "with -z"),
        ("-d", words.detached && scans, "with -z"),
        ("-i", words.interval.is_some() && scans, "with -z"),
        ("-N", words.half && scans, "with -z"),
        (
            "-N",
            words.half && options.datagram && !scans,
            "with -u, which has no end to tell of",
        ),
        ("-q", options.quit != Quit::Default && scans, "with -z"),
        ("-W", words.packets.is_some() && scans, "with -z"),
        ("-P", words.user.is_some() && direct, "without -x"),
        ("-X", words.kind.is_some() && direct, "without -x"),
    ];
    let vain = rows.into_iter().filter(|(_, vain, _)| *vain);
    vain.map(|(letter, _, why)| format!("Warning: {letter} has no effect {why}."))
        .collect()
}

/// The proxy of `-x`.
fn lead(options: &mut Options, words: &Words) -> Result<(), UsageError> {
    let Some(proxy) = &words.proxy else {
        return Ok(());
    };
    let kind = words.kind.unwrap_or(ProxyKind::Socks5);
    let bad = |_| UsageError::quitting(format!("proxy address invalid: {proxy}"));
    options.proxy.hops = proxy::words(proxy).map_err(bad)?;
    options.proxy.kind = Some(kind);
    if kind == ProxyKind::Socks4 {
        // Names are for those who speak 4a, and not all do.
        options.proxy.dns = Some(Dns::Local);
    }
    options.proxy.auth.extend(words.user.clone());
    Ok(())
}

/// The operands as ours are: a host, and then all ports in one word.
fn operands_of_ours(
    options: &mut Options,
    operands: &[OsString],
    world: &mut dyn World,
) -> Result<Vec<OsString>, UsageError> {
    match (options.domain, operands) {
        (Domain::Unix, [_]) => Ok(operands.into()),
        (Domain::Unix, []) => Err(usage()),
        (Domain::Unix, _) => Err(UsageError::quitting("cannot use port with -U")),
        _ if options.listen => listener(options, operands, world),
        (_, []) => Err(usage()),
        (_, [_]) => Err(UsageError::quitting("missing port number")),
        (_, [host, words @ ..]) => {
            let ports = words.iter().map(|word| far_ports(word, options, world));
            let ports: Vec<String> = ports.collect::<Result<_, _>>()?;
            let ports = ports.join(",");
            options.in_order = !options.zero_io;
            Ok(vec![host.clone(), ports.into()])
        }
    }
}

/// Where to listen can be said by operands, or by `-s` and `-p`.
fn listener(
    options: &mut Options,
    operands: &[OsString],
    world: &mut dyn World,
) -> Result<Vec<OsString>, UsageError> {
    let host = options.source.take();
    let port = options.source_port.take().map(|port| match port {
        PortWord::Number(number) => number.to_string().into(),
        PortWord::Service(name) => OsString::from(name),
    });
    let (host, port) = match (operands, host, port) {
        ([], host, Some(port)) => (host, port),
        ([], _, None) => return Err(UsageError::quitting("missing port number")),
        ([port], host, None) => (host, port.clone()),
        ([host, port], None, None) => (Some(host.clone()), port.clone()),
        _ => return Err(usage()),
    };
    let port = ports(&port, options, world)?;
    if port.contains('-') {
        return Err(UsageError::quitting(format!("port number invalid: {port}")));
    }
    if host.is_none() && options.domain == Domain::Any {
        options.domain = Domain::V4; // as it does: what is bound to both families would be in its way
    }
    Ok(host.into_iter().chain([port.into()]).collect())
}

/// One word for ports, in numbers: one port, or a range.
fn ports(word: &OsStr, options: &Options, world: &mut dyn World) -> Result<String, UsageError> {
    let word = word.to_string_lossy();
    let number = |word: &str| -> Result<u16, String> {
        match target::port_word(word) {
            Some(PortWord::Number(number)) => {
                u16::try_from(number).map_err(|_| format!("port number too large: {word}"))
            }
            _ => Err(format!("port number invalid: {word}")),
        }
    };
    let number = |word: &str| match word.bytes().all(|byte| byte.is_ascii_digit()) {
        true if !word.is_empty() => number(word),
        _ => Err(format!("port number invalid: {word}")),
    };
    // The names of some services have a dash in them.
    if let Some(port) = service(&word, options, world) {
        return Ok(port.to_string());
    }
    let range = match word.split_once('-') {
        None => number(&word).map(|port| port.to_string()),
        Some((one, other)) => number(one).and_then(|one| {
            let other = number(other)?;
            Ok(format!("{}-{}", one.min(other), one.max(other)))
        }),
    };
    range.map_err(UsageError::quitting)
}

/// The same where somebody listens: nobody does at port 0.
fn far_ports(word: &OsStr, options: &Options, world: &mut dyn World) -> Result<String, UsageError> {
    let ports = ports(word, options, world)?;
    match ports.split('-').next() {
        Some("0") => Err(UsageError::quitting("port number too small: 0")),
        Some(_) | None => Ok(ports),
    }
}

fn service(word: &str, options: &Options, world: &mut dyn World) -> Option<u16> {
    match target::port_word(word)? {
        PortWord::Service(name) => world.service(&name, place::protocol(options)),
        PortWord::Number(_) => None,
    }
}

/// The same ports, each for itself and in an order that is another one each time.
fn shuffled(ports: &[PortRange]) -> Vec<PortRange> {
    let chance = RandomState::new();
    let each = ports.iter().flat_map(|range| range.first..=range.last);
    let mut each: Vec<PortRange> = each
        .map(|port| PortRange {
            first: port,
            last: port,
        })
        .collect();
    each.sort_by_key(|range| chance.hash_one(range.first));
    each
}

/// Reads a whole number in its bounds.
pub fn number(what: &str, word: &str, least: u64, most: u64) -> Result<u64, String> {
    let wrong = |how: &str| Err(format!("{what} {how}: {word}"));
    match word.parse::<i128>() {
        Err(_) => wrong("invalid"),
        Ok(n) if n < i128::from(least) => wrong("too small"),
        Ok(n) if n > i128::from(most) => wrong("too large"),
        Ok(n) => u64::try_from(n).or(wrong("invalid")),
    }
}

/// Reads a number of seconds.
pub fn seconds(what: &str, word: &str) -> Result<Duration, String> {
    // It counts milliseconds in an int.
    number(what, word, 0, i32::MAX as u64 / 1000).map(Duration::from_secs)
}

#[cfg(test)]
mod tests;
