//! The library behind `ncat`: one thread waits on mio; when something is ready, bytes move along
//! *routes* between *connections*, through *layers* that speak protocols and know no sockets, under
//! a *mode* that decides who talks to whom and sees no bytes.
//!
//! | word | meaning, and nothing else |
//! |---|---|
//! | transport | the descriptor or pair of descriptors bytes go through |
//! | layer | one protocol without I/O: TLS, DTLS, telnet, line ends, ways through proxies, being one |
//! | conn | one place bytes enter or leave: a transport, its readiness, its layers, its alarms |
//! | lane | one direction: a queue or a channel of the kernel's, a stage, a pace |
//! | link, hub | two lanes between two conns; many conns around a shared log, as a star or a mesh |
//! | route | a link or a hub: the unit of work, because its parts must move together |
//! | errand | what the peer of a proxy wants done by others: a tunnel, an exchange, a relay |
//! | relay | datagrams passed on for a peer, each to where it says |
//! | mode | what the program is for: connect, listen, keep open, broker, chat, proxy, scan, series |
//! | turn | one bounded run of one route |
//! | plan | the command line, understood: no conflicts left, every default filled in |
//!
//! ```text
//!            main ── assemble ──────────────┬──────────────┐
//!             ┌──────────┼─────────┐       cli            say
//!            net         │        mode
//!   (mio, socket2, fs)   │   (std only, no bytes)
//!        │    │    └─────┼─────────┘
//!      wire  route       │
//! (rustls, memchr)       │          access: a leaf for cli and net
//!        │               │          secure: a leaf for cli and wire
//!        └────┬──────────┘
//!           data            ids: a leaf anyone may use
//! ```
//!
//! | place | duty |
//! |---|---|
//! | [`cli`] | argv in, a [`cli::plan::Plan`] out; every option is a row of one table |
//! | [`assemble`] | a plan becomes a shell and a mode: the one place where options meet machinery |
//! | [`mode`] | policies: told what happened, they ask for what is to happen next |
//! | [`net`] | the shell: descriptors, the loop, dials, listeners, stdio, the kernel's channels |
//! | [`route`] | moving bytes between two ends, or among many |
//! | [`wire`] | protocols: bytes in, bytes out, no I/O; a layer serves one connection, the chat a hub |
//! | [`access`] | hosts that may come in or be gone to: specifications of them, and the sets they make |
//! | [`data`] | where bytes rest: queues with borrowed memory, the log of a hub |
//! | [`lua`] | scripts for peers: checked where we serve, run in a process of their own |
//! | [`ids`] | names that never find the successor in a slot |
//! | [`secure`] | TLS before any connection: certificates, keys, suites and whom to trust |
//! | [`say`] | every line on stderr |
//!
//! Who may import whom is checked by `tests/layering.rs`. `unsafe` stands in one file,
//! `net/sys/raw.rs`. Eight decisions differ from what one might expect:
//!
//! * The line-end layer (`-C`) stands on stdin's side of a route, not on the peer's: what is logged is
//!   what is sent, and a hub converts once for all its members.
//! * `--send-only` reads what peers say and throws it away. A socket closed with unread bytes answers
//!   with a reset, which would destroy what we sent and the peer has not read yet.
//! * A descriptor shared with the shell never has its flags changed: [`net::stdio`]. Of sockets that a
//!   supervisor has opened for us, only what cannot do without is: [`net::given`].
//! * All sessions of a datagram listener share its socket and are told apart by address, so that
//!   nobody is credited with what somebody else sent first.
//! * SCTP has one end for both directions, and the system does not tell it to whoever ends: a client ends when
//!   its stdin does, a server only if it had something to say, and that the association is gone is the end.
//! * A proxy that we are is one layer on its peer's connection. It asks others to reach whom the peer
//!   names, and that connection is plain: the layer writes what goes there and reads what comes back, so
//!   that a tunnel needs no layer at all once it is there.
//! * A way through a proxy is a layer that leaves when it has been let through; a proxy that wants to know
//!   who we are is met once more on a connection of its own, as the reference does.
//! * There are other threads while lists of hosts are read again, while names are looked up for the peers
//!   of a proxy or for lines about peers, and only then: files and name servers may keep them waiting, but nobody
//!   who is served. A person at the terminal is one more descriptor of the loop.
//!
//! Fuzz targets, benches and tests come in here.

pub mod access;
pub mod assemble;
pub mod cli;
pub mod data;
pub mod ids;
pub mod lua;
pub mod mode;
pub mod net;
pub mod route;
pub mod say;
pub mod secure;
pub mod wire;
