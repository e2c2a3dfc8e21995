//! From what was typed to what is meant: contradictions are found and defaults filled in.
//!
//! Promise: checks happen in the reference's order, for only the first failure is reported, and
//! what the user sees of a wrong command line (a log created, a banner said) depends on it: options,
//! logs opened, banner, what Unix sockets exclude, proxies, what `-z` excludes, `-s`, lists of hosts,
//! host and ports, the script, and at last what the mode excludes.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::opts::{CommandWord, Domain, Options};
use super::place::{Goal, Place};
use super::plan::{
    At, Command, Connect, Dress, Flow, Gate, Guests, Listen, Plan, ProxyKind, Role, Scan, Script,
    Service, Sockets, Tongue,
};
use super::ssl::Ssl;
use super::target::PortWord;
use super::{
    Log, UsageError, World, activation, flags, place, reason, sockets, split, transfer, vain,
    vsock, way,
};
use crate::secure::{Version, Wishes};

const WAIT: Duration = Duration::from_secs(10);
const STALL: Duration = Duration::from_secs(5);
const KILL_AFTER: Duration = Duration::from_secs(5);
const MAX_CONNS: i32 = 100;
/// The reference lets anybody in who wants a proxy; but each costs us memory and two descriptors.
const MAX_CONNS_OF_PROXY: i32 = 10_000;
const MAX_QUEUE: usize = 16 << 20;

/// What the reference reads of stdin at once, and so sends in one datagram.
const DATAGRAM_SIZE: usize = 8192;

/// The most that UDP over IPv4 carries in one datagram.
const UDP_MOST: usize = 65_507;

/// Settles what the options and operands mean together.
pub fn plan(
    options: Options,
    operands: &[OsString],
    world: &mut dyn World,
) -> Result<Plan, UsageError> {
    if let Some(flag) = options.unsupported {
        let sentence = format!("{} is not supported by this build.", flag.name());
        return Err(UsageError::quitting(sentence));
    }
    refuse(&OPTION_LIMITS, &options)?;
    let given = activation::take_over(&options, operands, world)?;
    let port = source_port(&options, world)?;
    open_logs(&options, world)?;
    if options.verbose > 0 {
        world.banner();
    }
    if !options.listens() {
        world.hurry(options.wait.unwrap_or(WAIT));
    }
    refuse(&DOMAIN_LIMITS, &options)?;
    sockets::refuse(&options)?;
    refuse(&PROXY_LIMITS, &options)?;
    let ahead = way::ahead(&options, world)?;
    refuse(&ZERO_IO_LIMITS, &options)?;
    refuse(&SOURCE_LIMITS, &options)?;
    refuse(&transfer::LIMITS, &options)?;
    let mut place = Place {
        options: &options,
        source_port: port,
        operands,
        ahead,
        given,
        notes: Vec::new(),
        world,
    };
    let role = role(&mut place)?;
    let sockets = place.sockets(&role)?;
    let notes = place.notes;
    load_script(&options, world)?;
    match role {
        Role::Listen(_) => refuse(&LISTEN_LIMITS, &options)?,
        Role::Connect(_) | Role::Scan(_) => refuse(&CONNECT_LIMITS, &options)?,
    }
    refuse(&DATAGRAM_LIMITS, &options)?;
    Ok(dressed(options, role, sockets, notes, operands))
}

/// A script to be run instead of everything else: it leaves nothing for another option to do.
pub(super) fn script(options: &Options, operands: &[OsString]) -> Result<Script, UsageError> {
    let descriptor = match operands {
        [] => Some(None),
        [number] => number.to_str().and_then(|n| n.parse().ok()).map(Some),
        _ => None,
    };
    match (&options.script, descriptor) {
        (Some(name), Some(descriptor)) if options.given == 1 => Ok(Script {
            name: name.clone(),
            descriptor,
        }),
        _ => Err(UsageError::quitting(
            "--lua-exec-internal must be the only option.",
        )),
    }
}

/// A rule: when it is broken, and what to say then.
pub(super) type Limit = (fn(&Options) -> bool, &'static str);

const OPTION_LIMITS: [Limit; 7] = [
    (
        |o| o.commands.len() > 1,
        "Only one of --exec, --sh-exec, and --lua-exec is allowed.",
    ),
    (
        |o| o.ssl.as_ref().is_some_and(|ssl| ssl.trust.len() > 1),
        "The --ssl-trustfile option may be given only once.",
    ),
    (
        |o| o.proxy.auth.len() > 1,
        "You can't specify more than one --proxy-auth.",
    ),
    (
        |o| o.proxy.trust.len() > 1,
        "The --proxy-ssl-trustfile option may be given only once.",
    ),
    (
        |o| o.ssl.as_ref().is_some_and(Ssl::leaves_no_version),
        "--ssl-min-version asks for more than --ssl-max-version allows.",
    ),
    (
        |o| o.ssl.is_some() && over_udp(o) && !cfg!(feature = "dtls"),
        "--ssl with --udp is not supported by this build.",
    ),
    (
        |o| {
            over_udp(o)
                && o.ssl
                    .as_ref()
                    .is_some_and(|ssl| ssl.min == Some(Version::Tls13))
        },
        "DTLS ends at version 1.2; --ssl-min-version asks for more.",
    ),
];

const DOMAIN_LIMITS: [Limit; 7] = [
    (
        |o| vsock::is_meant(o) && (!o.proxy.hops.is_empty() || o.proxy.kind.is_some()),
        "Proxy option not supported when using vsock sockets.",
    ),
    (
        |o| vsock::is_meant(o) && o.ssl.is_some(),
        "SSL option not supported when using vsock sockets.",
    ),
    (
        |o| vsock::is_meant(o) && o.is_mesh(),
        "Connection brokering not supported when using vsock sockets.",
    ),
    (
        |o| o.sctp && (o.domain == Domain::Unix || vsock::is_meant(o)),
        "SCTP goes over IP only, not over Unix domain sockets or vsock sockets.",
    ),
    (
        |o| o.domain == Domain::Unix && (!o.proxy.hops.is_empty() || o.proxy.kind.is_some()),
        "Proxy option not supported when using Unix domain sockets.",
    ),
    (
        |o| o.domain == Domain::Unix && o.ssl.is_some(),
        "SSL option not supported when using Unix domain sockets.",
    ),
    (
        |o| o.domain == Domain::Unix && o.source_port.is_some(),
        "Specifying source port when using Unix domain sockets doesn't make sense.",
    ),
];

const PROXY_LIMITS: [Limit; 9] = [
    (
        |o| !o.listens() && o.proxy.hops.is_empty() && o.proxy.kind.is_some(),
        "Proxy type (--proxy-type) specified without proxy address (--proxy).",
    ),
    (
        |o| o.proxy.is_secure() && !cfg!(feature = "tls"),
        "A proxy at https:// needs TLS, which is not supported by this build.",
    ),
    (
        |o| (o.proxy.verify || !o.proxy.trust.is_empty()) && !o.proxy.is_secure(),
        "--proxy-ssl-verify and --proxy-ssl-trustfile are for proxies at https://, and there is none.",
    ),
    (
        |o| o.datagram && !o.proxy.hops.is_empty() && !is_one_socks5(o),
        "--udp works through one SOCKS5 proxy, and no other way of proxies.",
    ),
    (
        |o| o.datagram && o.zero_io && !o.proxy.hops.is_empty(),
        "A port that takes datagrams cannot be tried through a proxy (-z and --udp).",
    ),
    (
        |o| !o.is_proxy() && (!o.proxy.allow.is_empty() || !o.proxy.deny.is_empty()),
        "--proxy-allow and --proxy-deny are for a proxy of ours (--listen and --proxy-type).",
    ),
    (
        |o| o.is_proxy() && o.is_mesh(),
        "Invalid option combination: --broker and --proxy-type.",
    ),
    (
        |o| o.is_proxy() && o.datagram,
        "Invalid option combination: --udp and --proxy-type with --listen.",
    ),
    (
        |o| o.is_proxy() && o.runs(),
        "Invalid option combination: --proxy-type and -e with --listen.",
    ),
];

/// Who relays datagrams: SOCKS5 alone, and at an address that we can send them to.
fn is_one_socks5(options: &Options) -> bool {
    let usual = options.proxy.kind();
    let kinds = options.proxy.hops.iter().map(|word| word.kind(usual));
    kinds.eq([ProxyKind::Socks5])
}

const ZERO_IO_LIMITS: [Limit; 3] = [
    // The missing dot is the reference's.
    (
        |o| o.zero_io && o.listens(),
        "Services designed for LISTENING can't be used with -z",
    ),
    (
        |o| o.zero_io && o.telnet,
        "Invalid option combination: -z and -t.",
    ),
    (
        |o| o.zero_io && o.runs(),
        "Command execution can't be done along with option -z.",
    ),
];

const SOURCE_LIMITS: [Limit; 1] = [(
    |o| o.listens() && o.source.is_some(),
    "-l and -s are incompatible.  Specify the address and port to bind to like you would a host \
     to connect to.",
)];

const CONNECT_LIMITS: [Limit; 4] = [
    (
        |o| !o.lists.allow.is_empty(),
        "Invalid option combination: allow/deny with connect.",
    ),
    (
        |o| o.max_conns.is_some(),
        "Invalid option combination: `--max-conns' with connect.",
    ),
    (
        |o| o.keep_open && o.datagram && !o.runs(),
        "UDP mode does not support the -k or --keep-open options, except with --exec or --sh-exec.",
    ),
    CERT_AND_KEY,
];

const LISTEN_LIMITS: [Limit; 4] = [
    (
        |o| !o.proxy.hops.is_empty(),
        "Invalid option combination: --proxy and -l.",
    ),
    (
        |o| o.is_mesh() && o.runs(),
        "Invalid option combination: --broker and -e.",
    ),
    CERT_AND_KEY,
    (
        |o| o.max_conns.is_some_and(|n| n < 0),
        "The limit of --max-conns must not be negative.",
    ),
];

const CERT_AND_KEY: Limit = (
    |o| o.ssl.as_ref().is_some_and(Ssl::lacks_half),
    "The --ssl-key and --ssl-cert options must be used together.",
);

const DATAGRAM_LIMITS: [Limit; 1] = [(
    |o| over_udp(o) && o.datagram_size.is_some_and(|size| size > UDP_MOST),
    "A UDP datagram holds at most 65507 bytes; --datagram-size asks for more.",
)];

fn over_udp(options: &Options) -> bool {
    options.datagram && !matches!(options.domain, Domain::Unix | Domain::Vsock)
}

fn refuse(limits: &[Limit], options: &Options) -> Result<(), UsageError> {
    match limits.iter().find(|(broken, _)| broken(options)) {
        Some((_, sentence)) => Err(UsageError::quitting(sentence)),
        None => Ok(()),
    }
}

fn source_port(options: &Options, world: &mut dyn World) -> Result<Option<u16>, UsageError> {
    let port = match &options.source_port {
        None => return Ok(None),
        Some(_) if vsock::is_meant(options) => {
            return vsock::source_port(options).map(|_| None); // the place has use for it
        }
        Some(PortWord::Number(number)) => {
            let range = |_| format!("Invalid source port {number}.");
            u16::try_from(*number).map_err(range)
        }
        Some(PortWord::Service(name)) => {
            let port = world.service(name, place::protocol(options));
            port.ok_or_else(|| flags::invalid_source_port(name))
        }
    };
    port.map(Some).map_err(UsageError::quitting)
}

fn open_logs(options: &Options, world: &mut dyn World) -> Result<(), UsageError> {
    let logs = [
        (&options.output, Log::Output),
        (&options.hex_dump, Log::HexDump),
    ];
    for (path, which) in logs {
        if let Some(path) = path {
            open_log(path, which, world)?;
        }
    }
    Ok(())
}

fn open_log(path: &Path, which: Log, world: &mut dyn World) -> Result<(), UsageError> {
    world.open_log(path, which).map_err(|error| {
        let reason = reason(&error);
        UsageError::plain(format!("open: {reason}"))
    })
}

fn role(place: &mut Place) -> Result<Role, UsageError> {
    if place.options.listens() {
        let gate = place.gate()?;
        let proxy = place.service()?;
        let at = place.at()?;
        let host = place.listening_host();
        return Ok(Role::Listen(listen(place.options, at, host, gate, proxy)));
    }
    let Goal { target, ports, way } = place.goal()?;
    Ok(match place.options.zero_io {
        true => Role::Scan(Scan {
            target,
            ports,
            way,
            in_turn: false,
        }),
        false => Role::Connect(Connect { target, ports, way }),
    })
}

fn load_script(options: &Options, world: &mut dyn World) -> Result<(), UsageError> {
    match options.commands.first() {
        Some(CommandWord::Lua(path)) => world.load_script(path).map_err(UsageError::quitting),
        Some(CommandWord::Exec(_) | CommandWord::Shell(_)) | None => Ok(()),
    }
}

fn listen(
    options: &Options,
    at: At,
    host: Option<String>,
    gate: Box<Gate>,
    proxy: Option<Box<Service>>,
) -> Listen {
    let usual = match proxy {
        Some(_) => MAX_CONNS_OF_PROXY,
        None => MAX_CONNS,
    };
    let limit = options.max_conns.unwrap_or(usual);
    // A negative one is refused with the other limits of the mode.
    let max_conns = limit.try_into().unwrap_or_default();
    let guests = match options {
        _ if proxy.is_some() => Guests::Proxy,
        Options { chat: true, .. } => Guests::Chat,
        Options { broker: true, .. } => Guests::Broker,
        Options {
            keep_open: true, ..
        } => Guests::Many,
        _ => Guests::One,
    };
    Listen {
        at,
        host,
        guests,
        max_conns,
        limited: options.max_conns.is_some(),
        gate,
        proxy,
        in_turn: false,
    }
}

fn command(word: &CommandWord) -> Command {
    match word {
        CommandWord::Exec(line) => Command::Program(split::words(line)),
        CommandWord::Shell(line) => Command::Shell(line.clone()),
        CommandWord::Lua(path) => Command::Lua(path.clone()),
    }
}

/// What `--ssl` asks for. The name to expect is the target's, which a listener does not have.
fn secure(options: &mut Options, operands: &[OsString]) -> Option<Wishes> {
    let listens = options.listens();
    let target = operands.first().filter(|_| !listens);
    let target = target.map(|word| word.to_string_lossy());
    let ssl = options.ssl.take()?;
    Some(ssl.wishes(target.as_deref(), options.handshake))
}

fn dressed(
    mut options: Options,
    role: Role,
    sockets: Sockets,
    notes: Vec<String>,
    operands: &[OsString],
) -> Plan {
    let warnings = vain::warnings(&options);
    let secure = secure(&mut options, operands);
    let goes_on = options.keep_open && matches!(role, Role::Connect(_));
    Plan {
        role,
        flow: Flow {
            send_only: options.send_only,
            recv_only: options.recv_only,
            no_shutdown: options.no_shutdown,
            half_close: options.half_close || goes_on,
            quit: options.quit,
            lenient: false,
            packets: None,
            pass_on: false,
        },
        dress: Dress {
            crlf: options.crlf,
            telnet: options.telnet,
            delay: options.delay,
            interval: None,
            output: options.output,
            hex_dump: options.hex_dump,
            append: options.append,
            datagram_size: options.datagram_size.unwrap_or(DATAGRAM_SIZE),
            stall_after: options.stall_after.unwrap_or(STALL),
            max_queue: options.max_queue.unwrap_or(MAX_QUEUE),
        },
        secure,
        command: options.commands.first().map(command),
        kill_after: options.kill_after.unwrap_or(KILL_AFTER),
        sockets,
        transfer: options.transfer,
        wait: options.wait.unwrap_or(WAIT),
        idle: options.idle,
        tongue: Tongue::Ncat,
        verbose: options.verbose,
        announce: options.announce,
        warnings,
        notes,
    }
}

#[cfg(test)]
mod tests;
