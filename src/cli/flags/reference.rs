//! The options of the reference, in its order.

use super::{Flag, HAS_LUA, HAS_PROXY, HAS_TLS, invalid_source_port, letter, long, short};
use crate::access::Entry;
use crate::cli::opts::{CommandWord, Domain, Options, Special};
use crate::cli::quantity::{self, time};
use crate::cli::{proxy, sockets, ssl, target};

/// Its rows.
pub(super) static FLAGS: &[Flag] = &[
    short('4', "4", "Use IPv4 only").sets(|o| o.domain = Domain::V4),
    short('6', "6", "Use IPv6 only").sets(|o| o.domain = Domain::V6),
    short('U', "unixsock", "Use Unix domain sockets").sets(|o| o.domain = Domain::Unix),
    long("vsock", "Use vsock sockets: a CID and a port").sets(|o| o.domain = Domain::Vsock),
    short('C', "crlf", "Send CR LF at the end of each line of stdin").sets(|o| o.crlf = true),
    short('g', "g", "Route through these IPv4 hops").takes("hop,hop..", |o, v| {
        sockets::add_hops(&mut o.sockets.hops, v)
    }),
    short('G', "G", "Begin at this hop (4, 8, ...)").takes("n", |o, v| {
        sockets::pointer(v).map(|n| o.sockets.pointer = Some(n))
    }),
    short('e', "exec", "Run this program for each connection")
        .takes_raw("command", |o, v| o.commands.push(CommandWord::Exec(v))),
    short('c', "sh-exec", "The same, through /bin/sh")
        .takes_raw("command", |o, v| o.commands.push(CommandWord::Shell(v))),
    long("lua-exec", "The same, as a Lua script")
        .takes_raw("file", |o, v| o.commands.push(CommandWord::Lua(v.into())))
        .only_with(HAS_LUA),
    long("lua-exec-internal", "")
        .takes_raw("file", |o, v| o.script = Some(v.into()))
        .only_with(HAS_LUA)
        .hidden(),
    short('m', "max-conns", "Serve at most <n> peers at once (100)").takes("n", |o, v| {
        o.max_conns = Some(quantity::lenient(v)).filter(|&n| n != -1);
        Ok(())
    }),
    short('h', "help", "Show this text and quit").sets(|o| o.special = Some(Special::Help)),
    short('d', "delay", "Wait before passing on what was read").takes("time", |o, v| {
        time("-d delay", v).map(|t| o.delay = Some(t))
    }),
    short('l', "listen", "Wait for peers instead of reaching for one").sets(|o| o.listen = true),
    short('o', "output", "Copy what passes into a file")
        .takes_raw("file", |o, v| o.output = Some(v.into())),
    short('x', "hex-dump", "Copy what passes into a file, in hex")
        .takes_raw("file", |o, v| o.hex_dump = Some(v.into())),
    long("append-output", "Keep what these files hold already").sets(|o| o.append = true),
    short('i', "idle-timeout", "Quit when nothing passes for so long").takes("time", |o, v| {
        time("-i timeout", v).map(|t| o.idle = Some(t))
    }),
    short('k', "keep-open", "Serve many peers, and go on for ever").sets(|o| o.keep_open = true),
    long("recv-only", "Receive only; leave stdin alone").sets(|o| o.recv_only = true),
    short('p', "source-port", "Connect from, or listen on, this port").takes("port", |o, v| {
        let port = target::port_word(v).ok_or_else(|| invalid_source_port(v))?;
        o.source_port = Some(port);
        Ok(())
    }),
    short('s', "source", "Connect from this address").takes_raw("addr", |o, v| o.source = Some(v)),
    long("send-only", "Send only, and quit at the end of stdin").sets(|o| o.send_only = true),
    long("no-shutdown", "Keep the end of stdin to ourselves").sets(|o| o.no_shutdown = true),
    long("broker", "Pass what one peer says to all others").sets(|o| o.broker = true),
    long("chat", "The same, and say who is talking").sets(|o| o.chat = true),
    long("talk", "").sets(|o| o.chat = true).hidden(),
    long("deny", "Refuse these peers").takes("hosts", |o, v| {
        o.lists.deny.push(Entry::Words(v.into()));
        Ok(())
    }),
    long("denyfile", "Refuse the peers in this file").takes_raw("file", |o, v| {
        o.lists.deny.push(Entry::File(v.into()));
    }),
    long("allow", "Refuse all but these peers").takes("hosts", |o, v| {
        o.lists.allow.push(Entry::Words(v.into()));
        Ok(())
    }),
    long("allowfile", "Refuse all but the peers in this file").takes_raw("file", |o, v| {
        o.lists.allow.push(Entry::File(v.into()));
    }),
    short('t', "telnet", "Answer telnet negotiations").sets(|o| o.telnet = true),
    short('u', "udp", "Use datagrams: UDP, or Unix with -U")
        .sets(|o| (o.sctp, o.datagram) = (false, true)),
    long("sctp", "Use SCTP").sets(|o| (o.sctp, o.datagram) = (true, false)),
    long("version", "Show our version and quit").sets(|o| o.special = Some(Special::Version)),
    short('v', "verbose", "Say what happens; twice says more").sets(|o| {
        o.verbose = o.verbose.saturating_add(1);
    }),
    short('w', "wait", "Give up connecting after this long (10)").takes("time", |o, v| {
        time("-w timeout", v).map(|t| o.wait = Some(t))
    }),
    short('n', "nodns", "Take numeric addresses only").sets(|o| o.numeric_only = true),
    long("proxy", "Connect through this proxy, or these")
        .takes("addr[:port]", |o, v| {
            proxy::words(v).map(|words| o.proxy.hops.extend(words))
        })
        .only_with(HAS_PROXY),
    long("proxy-type", "Its kind: http, socks4, socks5; ours with -l")
        .takes("type", |o, v| {
            proxy::kind(v).map(|kind| o.proxy.kind = Some(kind))
        })
        .one_of(&proxy::KIND_NAMES)
        .only_with(HAS_PROXY),
    long("proxy-auth", "Our name and password there, or theirs here")
        .takes_raw("user:pass", |o, v| o.proxy.auth.push(v))
        .only_with(HAS_PROXY),
    long("proxy-dns", "Who resolves: local, remote, both, none")
        .takes("type", |o, v| {
            proxy::dns(v).map(|dns| o.proxy.dns = Some(dns))
        })
        .one_of(&proxy::DNS_NAMES)
        .only_with(HAS_PROXY),
    long("nsock-engine", "").takes("engine", engine).hidden(),
    long("test", "").sets(|o| o.announce = true).hidden(),
    long("ssl", "Use TLS, or DTLS with -u")
        .sets(|o| {
            o.ssl();
        })
        .only_with(HAS_TLS),
    long("ssl-cert", "Our certificate (PEM)")
        .takes_raw("file", |o, v| o.ssl().cert = Some(v.into()))
        .only_with(HAS_TLS),
    long("ssl-key", "Our private key (PEM)")
        .takes_raw("file", |o, v| o.ssl().key = Some(v.into()))
        .only_with(HAS_TLS),
    long("ssl-verify", "Refuse peers without a good certificate")
        .sets(|o| o.ssl().verify = true)
        .only_with(HAS_TLS),
    long("ssl-trustfile", "Trust these certificates only (PEM)")
        .takes_raw("file", |o, v| o.ssl().trust.push(v.into()))
        .only_with(HAS_TLS),
    long("ssl-ciphers", "The ciphers to allow")
        .takes("list", |o, v| {
            o.ssl().ciphers = Some(v.into());
            Ok(())
        })
        .only_with(HAS_TLS),
    long("ssl-servername", "The name to ask for and expect")
        .takes("name", |o, v| {
            ssl::name(v).map(|name| o.ssl().name = Some(name))
        })
        .only_with(HAS_TLS),
    long("ssl-alpn", "The protocols to offer or take (ALPN)")
        .takes("list", |o, v| {
            ssl::alpn(v).map(|names| o.ssl().alpn = names)
        })
        .only_with(HAS_TLS),
    letter('q', "Quit so long after stdin ends; below 0 never")
        .takes("time", |o, v| quantity::quit(v).map(|quit| o.quit = quit)),
    letter('z', "Report which ports answer, and pass nothing").sets(|o| o.zero_io = true),
];

/// The reference can wait in several ways; scripts may name one that it has on Linux.
fn engine(options: &mut Options, name: &str) -> Result<(), String> {
    if !["select", "poll", "epoll"].contains(&name) {
        return Err(format!("Unknown or non-available engine: {name}."));
    }
    options.engine = true;
    Ok(())
}
