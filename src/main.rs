//! argv in, exit code out.

use ncat::cli::plan::*;
use std::time::{Duration, Instant};
fn main() {
    let started = Instant::now();
    let mut p = Plan {
        role: Role::Connect(Connect {
            target: Target::Unix {
                name: UnixName::Path("x".into()),
                datagram: false,
                local: None,
            },
        }),
        flow: Flow::default(),
        dress: Dress {
            crlf: false,
            telnet: false,
            delay: None,
            output: None,
            hex_dump: None,
            append: false,
            datagram_size: 8192,
            stall_after: Duration::from_secs(5),
            max_queue: 16 << 20,
        },
        wait: Duration::from_secs(10),
        idle: None,
        verbose: 0,
        announce: false,
        warnings: vec![],
    };
    let mut l = false;
    let mut k = false;
    let mut u = false;
    let mut ux = false;
    let mut z = false;
    let mut pos: Vec<String> = vec![];
    for a in std::env::args().skip(1) {
        match a.as_str() {
            "-l" => l = true,
            "-k" => k = true,
            "-u" => u = true,
            "-U" => ux = true,
            "-z" => z = true,
            "-v" => p.verbose += 1,
            "-C" => p.dress.crlf = true,
            "-t" => p.dress.telnet = true,
            "--send-only" => p.flow.send_only = true,
            "--recv-only" => p.flow.recv_only = true,
            "--no-shutdown" => p.flow.no_shutdown = true,
            _ => pos.push(a),
        }
    }
    let protocol = if u { Protocol::Udp } else { Protocol::Tcp };
    p.role = if ux {
        let name = if let Some(a) = pos[0].strip_prefix('@') {
            UnixName::Abstract(a.into())
        } else {
            UnixName::Path(pos[0].clone().into())
        };
        if l {
            Role::Listen(Listen {
                at: At::Unix { name, datagram: u },
                keep_open: k,
                max_conns: 100,
            })
        } else {
            Role::Connect(Connect {
                target: Target::Unix {
                    name,
                    datagram: u,
                    local: None,
                },
            })
        }
    } else {
        let a = Address {
            ip: pos[0].parse().unwrap(),
            zone: 0,
        };
        let port = pos[1].parse().unwrap();
        let t = Target::Inet {
            protocol,
            addresses: vec![a],
            port,
            local: Local::default(),
        };
        if l {
            Role::Listen(Listen {
                at: At::Inet {
                    protocol,
                    addresses: vec![a],
                    port,
                },
                keep_open: k,
                max_conns: 100,
            })
        } else if z {
            Role::Scan(Scan {
                target: t,
                ports: vec![PortRange {
                    first: port,
                    last: port,
                }],
            })
        } else {
            Role::Connect(Connect { target: t })
        }
    };
    std::process::exit(ncat::assemble::run(&p, Default::default(), started));
}
