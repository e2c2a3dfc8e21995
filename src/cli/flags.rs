//! The option table: every name, what it stores, and what `--help` says of it.
//!
//! A new option is a row here and a field of `Options`. The order is the reference's, for it
//! decides what an abbreviation means; options of our own come last and never take part where one
//! of the reference's fits, so that no abbreviation in use changes its meaning.

use std::ffi::OsString;
use std::ops::RangeInclusive;

use super::opts::{CommandWord, Domain, Options, Special};
use super::quantity::{self, size, time};
use super::{proxy, ssl, target};
use crate::access::Entry;

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// The letter after one dash.
    pub short: Option<char>,
    /// The name after two dashes; empty when there is none.
    pub long: &'static str,
    /// A line for `--help`.
    pub help: &'static str,
    /// What giving it does.
    pub effect: Effect,
    /// Where `--help` lists it.
    pub section: Section,
}

/// What giving an option does. Setting validates and stores, and does nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Effect {
    /// It takes no value.
    Switch(fn(&mut Options)),
    /// It takes a value, whose name comes first; it may be refused with a sentence.
    Value(&'static str, fn(&mut Options, &str) -> Result<(), String>),
    /// It takes a value of any bytes, such as a path.
    Raw(&'static str, fn(&mut Options, OsString)),
    /// It is known, with the name of its value if it takes one, but this build cannot do it.
    Unsupported(Option<&'static str>),
}

/// Where `--help` lists an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Among the options that the reference documents.
    Documented,
    /// Among those that the reference does not have.
    Beyond,
    /// Nowhere.
    Hidden,
}

impl Flag {
    /// The name of its value, if it takes one.
    pub fn value(&self) -> Option<&'static str> {
        match self.effect {
            Effect::Switch(_) => None,
            Effect::Value(name, _) | Effect::Raw(name, _) => Some(name),
            Effect::Unsupported(name) => name,
        }
    }

    /// How we call it in a sentence: `--listen`, or `-z` if there is no better name.
    pub fn name(&self) -> String {
        match self.short {
            Some(letter) if self.long.len() < 2 => format!("-{letter}"),
            _ => format!("--{}", self.long),
        }
    }

    const fn sets(mut self, set: fn(&mut Options)) -> Self {
        self.effect = Effect::Switch(set);
        self
    }

    const fn takes(
        mut self,
        value: &'static str,
        set: fn(&mut Options, &str) -> Result<(), String>,
    ) -> Self {
        self.effect = Effect::Value(value, set);
        self
    }

    const fn takes_raw(mut self, value: &'static str, set: fn(&mut Options, OsString)) -> Self {
        self.effect = Effect::Raw(value, set);
        self
    }

    const fn unsupported(mut self, value: Option<&'static str>) -> Self {
        self.effect = Effect::Unsupported(value);
        self
    }

    /// Some builds do without it.
    const fn only_with(self, machinery: bool) -> Self {
        match self.effect {
            Effect::Value(value, _) | Effect::Raw(value, _) if !machinery => {
                self.unsupported(Some(value))
            }
            Effect::Switch(_) if !machinery => self.unsupported(None),
            _ => self,
        }
    }

    const fn hidden(mut self) -> Self {
        self.section = Section::Hidden;
        self
    }

    const fn beyond(mut self) -> Self {
        self.section = Section::Beyond;
        self
    }
}

const fn short(letter: char, long: &'static str, help: &'static str) -> Flag {
    let mut flag = self::long(long, help);
    flag.short = Some(letter);
    flag
}

const fn long(long: &'static str, help: &'static str) -> Flag {
    let effect = Effect::Unsupported(None);
    Flag {
        short: None,
        long,
        help,
        effect,
        section: Section::Documented,
    }
}

const HAS_LUA: bool = cfg!(feature = "lua");
const HAS_PROXY: bool = cfg!(feature = "proxy");
const HAS_TLS: bool = cfg!(feature = "tls");

/// The datagrams of UDP are smaller, but those of Unix sockets need not be.
const DATAGRAM_SIZES: RangeInclusive<usize> = 1..=1 << 20;

/// Less than this would make a hub stop for every chunk.
const QUEUE_SIZES: RangeInclusive<usize> = 64 << 10..=1 << 40;

/// Every option there is.
pub static FLAGS: &[Flag] = &[
    short('4', "4", "Use IPv4 only").sets(|o| o.domain = Domain::V4),
    short('6', "6", "Use IPv6 only").sets(|o| o.domain = Domain::V6),
    short('U', "unixsock", "Use Unix domain sockets").sets(|o| o.domain = Domain::Unix),
    long("vsock", "Use vsock sockets").unsupported(None),
    short('C', "crlf", "Send CR LF at the end of each line of stdin").sets(|o| o.crlf = true),
    short('g', "g", "Route through these IPv4 hops").unsupported(Some("hop,hop..")),
    short('G', "G", "Point at this hop first (4, 8, ...)").unsupported(Some("n")),
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
    short('u', "udp", "Use datagrams: UDP, or Unix with -U").sets(|o| o.datagram = true),
    long("sctp", "Use SCTP").unsupported(None),
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
        .only_with(HAS_PROXY),
    long("proxy-auth", "Our name and password there, or theirs here")
        .takes_raw("user:pass", |o, v| o.proxy.auth.push(v))
        .only_with(HAS_PROXY),
    long("proxy-dns", "Who resolves: local, remote, both, none")
        .takes("type", |o, v| {
            proxy::dns(v).map(|dns| o.proxy.dns = Some(dns))
        })
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
    long("half-close", "Send all of stdin though the peer has ended")
        .sets(|o| o.half_close = true)
        .beyond(),
    long("datagram-size", "Send at most so much in one datagram (8K)")
        .takes("size", |o, v| {
            size("--datagram-size", v, DATAGRAM_SIZES).map(|n| o.datagram_size = Some(n))
        })
        .beyond(),
    long(
        "stall-timeout",
        "Drop a peer that reads nothing so long (5)",
    )
    .takes("time", |o, v| {
        time("--stall-timeout", v).map(|t| o.stall_after = Some(t))
    })
    .beyond(),
    long("kill-after", "End programs so long after their peers (5)")
        .takes("time", |o, v| {
            time("--kill-after", v).map(|t| o.kill_after = Some(t))
        })
        .beyond(),
    long("max-queue", "Hold at most so much for slow peers (16M)")
        .takes("size", |o, v| {
            size("--max-queue", v, QUEUE_SIZES).map(|n| o.max_queue = Some(n))
        })
        .beyond(),
    long("ssl-min-version", "Speak no TLS older than this (1.2)")
        .takes("version", |o, v| {
            ssl::version("--ssl-min-version", v).map(|version| o.ssl().min = Some(version))
        })
        .only_with(HAS_TLS)
        .beyond(),
    long("ssl-max-version", "Speak no TLS newer than this (1.3)")
        .takes("version", |o, v| {
            ssl::version("--ssl-max-version", v).map(|version| o.ssl().max = Some(version))
        })
        .only_with(HAS_TLS)
        .beyond(),
    long("ssl-pin", "Take only certificates of these hashes")
        .takes("sha256:hex", |o, v| {
            ssl::pin(v).map(|pin| o.ssl().pins.push(pin))
        })
        .only_with(HAS_TLS)
        .beyond(),
    long("handshake-timeout", "Drop peers that agree so slowly (10)")
        .takes("time", |o, v| {
            time("--handshake-timeout", v).map(|t| o.handshake = Some(t))
        })
        .only_with(HAS_TLS || HAS_PROXY)
        .beyond(),
    long(
        "proxy-ssl-verify",
        "Refuse proxies without a good certificate",
    )
    .sets(|o| o.proxy.verify = true)
    .only_with(HAS_PROXY && HAS_TLS)
    .beyond(),
    long(
        "proxy-ssl-trustfile",
        "The same, and trust these only (PEM)",
    )
    .takes_raw("file", |o, v| o.proxy.trust.push(v.into()))
    .only_with(HAS_PROXY && HAS_TLS)
    .beyond(),
    long("proxy-allow", "Lead users of our proxy only there")
        .takes("rules", |o, v| {
            o.proxy.allow.push(v.into());
            Ok(())
        })
        .only_with(HAS_PROXY)
        .beyond(),
    long("proxy-deny", "Never lead users of our proxy there")
        .takes("rules", |o, v| {
            o.proxy.deny.push(v.into());
            Ok(())
        })
        .only_with(HAS_PROXY)
        .beyond(),
];

const fn letter(letter: char, help: &'static str) -> Flag {
    short(letter, "", help)
}

pub(crate) fn invalid_source_port(word: &str) -> String {
    format!("Invalid source port number \"{word}\".")
}

/// The reference can wait in several ways; scripts may name one that it has on Linux.
fn engine(options: &mut Options, name: &str) -> Result<(), String> {
    if !["select", "poll", "epoll"].contains(&name) {
        return Err(format!("Unknown or non-available engine: {name}."));
    }
    options.engine = true;
    Ok(())
}

/// The option behind a letter.
pub fn by_letter(letter: char) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| flag.short == Some(letter))
}

/// Why a long name means no option.
#[derive(Debug)]
pub enum NoFlag {
    /// None begins like that.
    Unknown,
    /// These differ and begin like that.
    Ambiguous(Vec<&'static Flag>),
}

/// The option behind a long name or the beginning of one.
pub fn by_long(name: &str) -> Result<&'static Flag, NoFlag> {
    let named = || FLAGS.iter().filter(|flag| !flag.long.is_empty());
    if let Some(flag) = named().find(|flag| flag.long == name) {
        return Ok(flag);
    }
    let begins = |ours: bool| -> Vec<&'static Flag> {
        named()
            .filter(|flag| (flag.section == Section::Beyond) == ours)
            .filter(|flag| flag.long.starts_with(name))
            .collect()
    };
    match begins(false) {
        theirs if theirs.is_empty() => unambiguous(begins(true)),
        theirs => unambiguous(theirs),
    }
}

/// The first of them stands for all that `getopt_long` could not tell from it: those without a
/// letter of their own that take a value alike. So `--ssl-t` and even `--proxy-` mean something.
fn unambiguous(flags: Vec<&'static Flag>) -> Result<&'static Flag, NoFlag> {
    let &first = flags.first().ok_or(NoFlag::Unknown)?;
    // The reference stores --ssl in another way than its other switches, which sets it apart.
    let kind = |flag: &Flag| (flag.short, flag.value().is_some(), flag.long == "ssl");
    let alike = |flag: &Flag| flag.section != Section::Beyond && kind(flag) == kind(first);
    let different: Vec<_> = flags
        .into_iter()
        .skip(1)
        .filter(|flag| !alike(flag))
        .collect();
    if different.is_empty() {
        return Ok(first);
    }
    Err(NoFlag::Ambiguous([vec![first], different].concat()))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_is_given_twice() {
        let mut seen = HashSet::new();
        for flag in FLAGS {
            let long = Some(flag.long.to_string()).filter(|long| !long.is_empty());
            let short = flag.short.map(|letter| format!("-{letter}"));
            for name in [long, short].into_iter().flatten() {
                assert!(seen.insert(name.clone()), "{name} stands in two rows");
            }
        }
    }

    #[test]
    fn every_option_has_a_name_and_every_value_too() {
        for flag in FLAGS {
            assert!(
                flag.short.is_some() || flag.long.len() > 1,
                "a row without a name: {flag:?}"
            );
            assert_ne!(
                flag.value(),
                Some(""),
                "{} does not name its value",
                flag.name()
            );
        }
    }

    #[test]
    fn what_help_lists_is_explained() {
        for flag in FLAGS {
            let hidden = flag.section == Section::Hidden;
            assert_eq!(flag.help.is_empty(), hidden, "help of {}", flag.name());
            assert!(
                !flag.help.ends_with('.'),
                "{} is explained with a dot",
                flag.name()
            );
        }
    }

    #[test]
    fn abbreviations_mean_what_they_mean_to_the_reference() {
        let cases = [
            ("l", "? lua-exec listen"),
            ("lis", "listen"),
            ("ve", "? version verbose"),
            ("v", "? vsock verbose"),
            ("d", "? delay deny denyfile"),
            ("den", "deny"),
            ("a", "? append-output allow allowfile"),
            ("al", "allow"),
            ("p", "proxy"),
            ("proxy-", "proxy-type"),
            ("proxy", "proxy"),
            ("proxy-t", "proxy-type"),
            ("proxy-a", "proxy-auth"),
            ("proxy-au", "proxy-auth"),
            ("proxy-d", "proxy-dns"),
            ("ssl", "ssl"),
            ("ssl-", "? ssl-cert ssl-verify"),
            ("ssl-t", "ssl-trustfile"),
            ("so", "? source-port source"),
            ("source", "source"),
            ("t", "? talk telnet"),
            ("ta", "talk"),
            ("lua-", "lua-exec"),
            ("lua-exec-", "lua-exec-internal"),
            ("n", "? no-shutdown nodns nsock-engine"),
            ("4", "4"),
            ("g", "g"),
            ("C", "!"),
            ("bogus", "!"),
            ("versions", "!"),
        ];
        for (name, wanted) in cases {
            assert_eq!(meaning(name), wanted, "--{name}");
        }
    }

    #[test]
    fn options_of_our_own_change_no_abbreviation() {
        let cases = [
            ("max", "max-conns"),
            ("m", "max-conns"),
            ("max-q", "max-queue"),
            ("h", "? help hex-dump"),
            ("ha", "? half-close handshake-timeout"),
            ("hal", "half-close"),
            ("han", "handshake-timeout"),
            ("da", "datagram-size"),
            ("st", "stall-timeout"),
            ("ssl", "ssl"),
            ("ssl-", "? ssl-cert ssl-verify"),
            ("ssl-m", "? ssl-min-version ssl-max-version"),
            ("ssl-mi", "ssl-min-version"),
            ("ssl-p", "ssl-pin"),
            ("p", "proxy"),
            ("proxy-", "proxy-type"),
            ("proxy-a", "proxy-auth"),
            ("proxy-al", "proxy-allow"),
            ("proxy-d", "proxy-dns"),
            ("proxy-de", "proxy-deny"),
            ("proxy-s", "? proxy-ssl-verify proxy-ssl-trustfile"),
            ("proxy-ssl-t", "proxy-ssl-trustfile"),
        ];
        for (name, wanted) in cases {
            assert_eq!(meaning(name), wanted, "--{name}");
        }
    }

    fn meaning(name: &str) -> String {
        match by_long(name) {
            Ok(flag) => flag.long.into(),
            Err(NoFlag::Unknown) => "!".into(),
            Err(NoFlag::Ambiguous(flags)) => flags
                .iter()
                .fold("?".into(), |text, flag| format!("{text} {}", flag.long)),
        }
    }
}
