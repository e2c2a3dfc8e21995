//! Options that are accepted and have no effect beside the others: the user is told.
//!
//! The reference ignores them without a word. Refusing them would break scripts that give them.

use super::lines::Format;
use super::opts::{Domain, Options};
use super::plan::Quit;
use super::sockets;
use crate::access::Entry;

const LIMIT_IGNORED: &str =
    "Maximum connections ignored, since it does not take effect without -k or --broker.";

/// A sentence for each option that was given in vain.
pub(super) fn warnings(o: &Options) -> Vec<String> {
    let limit_ignored = o.listen && !many(o) && o.max_conns.is_some();
    let limit = limit_ignored.then(|| LIMIT_IGNORED.into());
    let sentences = limit.into_iter().chain(without_effect(o));
    let sentences = sentences.chain(sockets::warnings(o));
    sentences.map(|text| format!("Warning: {text}")).collect()
}

/// Whether many peers are served at once.
fn many(o: &Options) -> bool {
    o.is_mesh() || o.is_proxy() || o.listen && o.keep_open
}

/// An option, whether it was given, and what would make it useless, each with the words for it.
pub(super) type Row<'a> = (&'static str, bool, &'a [(bool, &'static str)]);

fn without_effect(o: &Options) -> Vec<String> {
    let scans = (o.zero_io, "with -z");
    let scans_streams = (o.zero_io && !o.datagram, "with -z but without --udp");
    let listens = (o.listens(), "with --listen");
    let waits = (o.listens() && !o.is_proxy(), "with --listen");
    let connects = (!o.listens(), "without --listen");
    let one_peer = (!many(o), "without --listen and --keep-open");
    let mesh = (o.is_mesh(), "with --broker or --chat");
    let programs = (
        !o.commands.is_empty(),
        "with --exec, --sh-exec or --lua-exec",
    );
    let no_program = (
        o.commands.is_empty(),
        "without --exec, --sh-exec or --lua-exec",
    );
    let datagrams = (o.datagram, "with --udp");
    let streams = (!o.datagram, "without --udp");
    let unix = (o.domain == Domain::Unix, "for a Unix socket");
    let vsock = (o.domain == Domain::Vsock, "for a vsock socket");
    let unix_stream = (
        o.domain == Domain::Unix && !o.datagram,
        "for a Unix stream socket",
    );
    let no_stdin = (o.recv_only && !o.send_only, "with --recv-only");
    let sctp = (o.sctp, "with --sctp");
    // Connecting, it means what --half-close means.
    let if_connecting = |(useless, words): (bool, &'static str)| (useless && !o.listens(), words);
    let reaches_programs = if_connecting(programs);
    let hears_only = if_connecting(no_stdin);
    let reaches_sctp = if_connecting(sctp);
    let no_log = (
        o.output.is_none() && o.hex_dump.is_none(),
        "without --output or --hex-dump",
    );
    let no_handshake = (
        o.ssl.is_none() && !o.is_proxy(),
        "without --ssl or --proxy-type",
    );
    let serves = (o.is_proxy(), "with --listen and --proxy-type");
    let no_way = (!o.listens() && o.proxy.hops.is_empty(), "without --proxy");
    let no_clients = (
        o.listens() && !o.is_proxy(),
        "with --listen but without --proxy-type",
    );
    let has_way = !o.listens() && !o.proxy.hops.is_empty();
    let schemes = (
        has_way && o.proxy.all_have_schemes(),
        "with proxies that are URLs",
    );
    let logins = (
        has_way && o.proxy.all_have_logins(),
        "with proxies that have names and passwords of their own",
    );
    let objects = (o.lines.format == Format::Json, "with --log-format json");
    let never = (true, "in this program");

    let quits = o.quit != Quit::Default;
    let words = |entry: &Entry| matches!(entry, Entry::Words(_));
    let deny = &o.lists.deny;
    let ssl = o.ssl.as_ref();
    let table: [Row; 30] = [
        ("--crlf", o.crlf, &[scans, no_stdin, serves]),
        ("--telnet", o.telnet, &[serves]),
        ("--delay", o.delay.is_some(), &[scans]),
        ("--output", o.output.is_some(), &[scans]),
        ("--hex-dump", o.hex_dump.is_some(), &[scans]),
        ("--append-output", o.append, &[no_log]),
        ("--idle-timeout", o.idle.is_some(), &[scans_streams]),
        (
            "--keep-open",
            o.keep_open,
            &[scans, reaches_programs, hears_only, reaches_sctp],
        ),
        ("--recv-only", o.recv_only, &[scans, serves]),
        ("--send-only", o.send_only, &[scans, serves]),
        ("--deny", deny.iter().any(words), &[connects, unix, vsock]),
        (
            "--denyfile",
            deny.iter().any(|entry| !words(entry)),
            &[connects, unix, vsock],
        ),
        ("--source", o.source.is_some(), &[unix_stream]),
        (
            "--no-shutdown",
            o.no_shutdown,
            &[scans, programs, serves, no_stdin, datagrams, mesh],
        ),
        ("--wait", o.wait.is_some(), &[waits]),
        ("--nsock-engine", o.engine, &[never]),
        ("--test", o.announce, &[connects]),
        ("--kill-after", o.kill_after.is_some(), &[no_program]),
        ("-q", quits, &[scans, programs, serves, no_stdin, mesh]),
        (
            "--half-close",
            o.half_close,
            &[scans, programs, serves, no_stdin, datagrams, sctp],
        ),
        (
            "--datagram-size",
            o.datagram_size.is_some(),
            &[scans, streams],
        ),
        (
            "--stall-timeout",
            o.stall_after.is_some(),
            &[one_peer, serves],
        ),
        ("--max-queue", o.max_queue.is_some(), &[one_peer, serves]),
        (
            "--ssl-servername",
            ssl.is_some_and(|ssl| ssl.name.is_some()),
            &[listens],
        ),
        (
            "--handshake-timeout",
            o.handshake.is_some(),
            &[connects, no_handshake],
        ),
        ("--proxy-type", o.proxy.kind.is_some(), &[schemes]),
        (
            "--proxy-auth",
            !o.proxy.auth.is_empty(),
            &[no_way, no_clients, logins],
        ),
        ("--timestamps", o.lines.timestamps, &[objects]),
        ("--color", o.lines.color.is_some(), &[objects]),
        ("--proxy-dns", o.proxy.dns.is_some(), &[no_way, listens]),
    ];
    let given = table.iter().filter(|(_, given, _)| *given);
    given
        .filter_map(|(name, _, reasons)| {
            let (_, why) = reasons.iter().find(|(holds, _)| *holds)?;
            Some(format!("{name} has no effect {why}."))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::access::Entries;
    use crate::cli::opts::CommandWord;
    use crate::cli::plan::ProxyKind;
    use crate::cli::proxy::{self, Dns, Proxies};
    use crate::cli::ssl::Ssl;

    /// A proxy of ours or others', with a kind and a password given.
    fn proxy(listen: bool, hops: &str) -> Options {
        let words = || proxy::words(hops).expect("good words for proxies");
        Options {
            listen,
            proxy: Proxies {
                hops: if listen { Vec::new() } else { words() },
                kind: Some(ProxyKind::Http),
                auth: vec!["a:b".into()],
                ..Proxies::default()
            },
            ..Options::default()
        }
    }

    #[test]
    fn an_option_in_vain_is_named_with_the_reason() {
        let second = Some(Duration::from_secs(1));
        let cases = [
            (Options::default(), &[][..]),
            (
                Options {
                    wait: second,
                    delay: second,
                    crlf: true,
                    ..Options::default()
                },
                &[],
            ),
            (
                Options {
                    wait: second,
                    listen: true,
                    ..Options::default()
                },
                &["Warning: --wait has no effect with --listen."],
            ),
            (
                Options {
                    zero_io: true,
                    keep_open: true,
                    quit: Quit::Never,
                    ..Options::default()
                },
                &[
                    "Warning: --keep-open has no effect with -z.",
                    "Warning: -q has no effect with -z.",
                ],
            ),
            (
                Options {
                    keep_open: true,
                    recv_only: true,
                    sctp: true,
                    half_close: true,
                    ..Options::default()
                },
                &[
                    "Warning: --keep-open has no effect with --recv-only.",
                    "Warning: --half-close has no effect with --recv-only.",
                ],
            ),
            (
                Options {
                    keep_open: true,
                    commands: vec![CommandWord::Exec("/bin/cat".into())],
                    ..Options::default()
                },
                &["Warning: --keep-open has no effect with --exec, --sh-exec or --lua-exec."],
            ),
            (
                Options {
                    keep_open: true,
                    sctp: true,
                    half_close: true,
                    ..Options::default()
                },
                &[
                    "Warning: --keep-open has no effect with --sctp.",
                    "Warning: --half-close has no effect with --sctp.",
                ],
            ),
            (
                Options {
                    listen: true,
                    keep_open: true,
                    recv_only: true,
                    sctp: true,
                    ..Options::default()
                },
                &[],
            ),
            (
                Options {
                    listen: true,
                    max_conns: Some(0),
                    ..Options::default()
                },
                &[
                    "Warning: Maximum connections ignored, since it does not take effect without -k or --broker.",
                ],
            ),
            (
                Options {
                    listen: true,
                    keep_open: true,
                    max_queue: Some(1),
                    ..Options::default()
                },
                &[],
            ),
            (
                Options {
                    lists: Entries {
                        allow: Vec::new(),
                        deny: vec![Entry::Words("::1".into()), Entry::File("x".into())],
                    },
                    ..Options::default()
                },
                &[
                    "Warning: --deny has no effect without --listen.",
                    "Warning: --denyfile has no effect without --listen.",
                ],
            ),
            (
                Options {
                    commands: vec![CommandWord::Exec("/bin/cat".into())],
                    listen: true,
                    no_shutdown: true,
                    quit: Quit::Never,
                    half_close: true,
                    ..Options::default()
                },
                &[
                    "Warning: --no-shutdown has no effect with --exec, --sh-exec or --lua-exec.",
                    "Warning: -q has no effect with --exec, --sh-exec or --lua-exec.",
                    "Warning: --half-close has no effect with --exec, --sh-exec or --lua-exec.",
                ],
            ),
            (
                Options {
                    ssl: Some(Ssl {
                        name: Some("a.com".into()),
                        ..Ssl::default()
                    }),
                    handshake: second,
                    listen: true,
                    datagram: true,
                    ..Options::default()
                },
                &["Warning: --ssl-servername has no effect with --listen."],
            ),
            (
                Options {
                    ssl: Some(Ssl::default()),
                    handshake: second,
                    ..Options::default()
                },
                &["Warning: --handshake-timeout has no effect without --listen."],
            ),
            (
                Options {
                    handshake: second,
                    listen: true,
                    ..Options::default()
                },
                &["Warning: --handshake-timeout has no effect without --ssl or --proxy-type."],
            ),
            (
                Options {
                    handshake: second,
                    wait: second,
                    delay: second,
                    idle: second,
                    max_conns: Some(3),
                    ..proxy(true, "")
                },
                &[],
            ),
            (
                Options {
                    crlf: true,
                    telnet: true,
                    recv_only: true,
                    send_only: true,
                    no_shutdown: true,
                    quit: Quit::Never,
                    half_close: true,
                    stall_after: second,
                    max_queue: Some(1),
                    ..proxy(true, "")
                },
                &[
                    "Warning: --crlf has no effect with --listen and --proxy-type.",
                    "Warning: --telnet has no effect with --listen and --proxy-type.",
                    "Warning: --recv-only has no effect with --listen and --proxy-type.",
                    "Warning: --send-only has no effect with --listen and --proxy-type.",
                    "Warning: --no-shutdown has no effect with --listen and --proxy-type.",
                    "Warning: -q has no effect with --listen and --proxy-type.",
                    "Warning: --half-close has no effect with --listen and --proxy-type.",
                    "Warning: --stall-timeout has no effect with --listen and --proxy-type.",
                    "Warning: --max-queue has no effect with --listen and --proxy-type.",
                ],
            ),
            (proxy(false, "a,socks4://b"), &[]),
            (
                proxy(false, "http://u@a,socks4://u@b"),
                &[
                    "Warning: --proxy-type has no effect with proxies that are URLs.",
                    "Warning: --proxy-auth has no effect with proxies that have names and passwords of their own.",
                ],
            ),
            (
                Options {
                    listen: true,
                    proxy: Proxies {
                        auth: vec!["a:b".into()],
                        dns: Some(Dns::Remote),
                        ..Proxies::default()
                    },
                    ..Options::default()
                },
                &[
                    "Warning: --proxy-auth has no effect with --listen but without --proxy-type.",
                    "Warning: --proxy-dns has no effect with --listen.",
                ],
            ),
            (
                Options {
                    proxy: Proxies {
                        auth: vec!["a:b".into()],
                        dns: Some(Dns::None),
                        ..Proxies::default()
                    },
                    ..Options::default()
                },
                &[
                    "Warning: --proxy-auth has no effect without --proxy.",
                    "Warning: --proxy-dns has no effect without --proxy.",
                ],
            ),
            (
                Options {
                    engine: true,
                    ..Options::default()
                },
                &["Warning: --nsock-engine has no effect in this program."],
            ),
        ];
        for (options, wanted) in cases {
            assert_eq!(warnings(&options), wanted, "warnings for {options:?}");
        }
    }
}
