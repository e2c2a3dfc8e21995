//! `ssh -o ProxyCommand='ncat --proxy ... %h %p'`: a shell behind proxies.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::common::payload::{noise, same};
use crate::common::table::{Case, all_hold};
use crate::common::{In, Program, Scene, Told, directory, told};
use crate::stage::{Host, ended, has, ours};

const SSHD: &str = "/usr/sbin/sshd";

/// Where sshd locks itself in; its service would have made it.
const SSHD_ROOM: &str = "/run/sshd";

/// More than a window of ssh's.
const BULK: usize = 3 << 20;

/// A server of ssh's own, and those who may come to it.
pub(crate) struct Shell {
    pub(crate) host: Host,
    dir: TempDir,
}

impl Shell {
    /// Nothing where ssh is missing, or where we may not let ourselves in.
    pub(crate) fn open() -> Told<Option<Self>> {
        if !has("ssh") || !has(SSHD) {
            return Ok(None);
        }
        if !geteuid().is_root() {
            eprintln!("SKIPPED: no scene with sshd, for it is not started by root");
            return Ok(None);
        }
        match fs::create_dir(SSHD_ROOM) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => told(Err(error))?,
            Ok(()) | Err(_) => {}
        }
        let dir = directory()?;
        let at = |name: &str| dir.path().join(name).display().to_string();
        for name in ["host", "me"] {
            let words = ["-q", "-t", "ed25519", "-N", "", "-f", &at(name)];
            told(Command::new("ssh-keygen").args(words).status())?;
        }
        let key = told(fs::read_to_string(at("host.pub")))?;
        told(fs::write(at("known"), format!("there {key}")))?;
        let config = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPermitRootLogin yes\nStrictModes no\nUsePAM no\n\
             PidFile none\nLogLevel VERBOSE\n",
            at("host"),
            at("me.pub"),
        );
        told(fs::write(at("config"), config))?;
        let serve = format!("{SSHD} -i -e -f {}", at("config"));
        let host = Host::of(&["-k", "--exec", &serve])?;
        Ok(Some(Self { host, dir }))
    }

    /// The words that have ssh read nothing of ours, and ask nobody.
    pub(crate) fn words(&self) -> Vec<String> {
        let at = |name: &str| self.dir.path().join(name).display().to_string();
        let known = format!("UserKnownHostsFile={}", at("known"));
        let me = at("me");
        let words = ["-F", "none", "-i", &me, "-l", "root"];
        let options = [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "GlobalKnownHostsFile=/dev/null",
            "HostKeyAlias=there",
            &known,
        ];
        let options = options.into_iter().flat_map(|option| ["-o", option]);
        words.into_iter().chain(options).map(String::from).collect()
    }

    /// A command there, reached by that one here.
    pub(crate) fn through(&self, way: &str, port: &str, command: &str) -> Program {
        let way = format!("ProxyCommand={way}");
        let rest = ["-o", &way, "-p", port, "127.0.0.1", command].map(String::from);
        Program::at("ssh", self.words().into_iter().chain(rest))
    }
}

/// Has `cat` over there give back all that it is given, and sees how it ended.
pub(crate) fn echoes(program: Program) -> Told {
    let mut scene = Scene::of(program.stdin(In::Pipe))?;
    let all = noise(21, BULK);
    scene.program.stdin.push(&all);
    scene.program.stdin.finish();
    let outcome = ended(&mut scene)?;
    same("what came back", &outcome.stdout, &all)
}

#[test]
fn a_shell_is_reached_through_every_kind_of_proxy() -> Told {
    let Some(shell) = Shell::open()? else {
        return Ok(());
    };
    let open = ["http", "socks4", "socks5"].map(|kind| (kind, Host::proxy(kind, &[])));
    let guarded = ["http", "socks5"].map(|kind| {
        let host = Host::proxy(kind, &["--proxy-auth", "me:secret"]);
        (kind, host)
    });
    let mut ways = Vec::new();
    for (kind, proxy) in &open {
        let proxy = proxy.as_ref().map_err(String::clone)?;
        ways.push(format!("--proxy-type {kind} --proxy {}", proxy.at));
    }
    for (kind, proxy) in &guarded {
        let proxy = proxy.as_ref().map_err(String::clone)?;
        ways.push(format!(
            "--proxy-auth me:secret --proxy-type {kind} --proxy {}",
            proxy.at
        ));
    }
    let at = |host: &Told<Host>| host.as_ref().map_or(String::new(), |host| host.at.clone());
    ways.push(format!(
        "--proxy http://{},socks4://{},socks5://me:secret@{}",
        at(&open[0].1),
        at(&open[1].1),
        at(&guarded[1].1)
    ));
    let shell = &shell;
    let cases: Vec<_> = ways
        .into_iter()
        .map(|way| {
            let command = format!("'{}' {way} %h %p", ours());
            Case::new(way, move || {
                echoes(shell.through(&command, &shell.host.port, "cat"))
            })
        })
        .collect();
    all_hold(&cases)
}

#[test]
fn how_a_command_ended_is_told_through_a_proxy() -> Told {
    let Some(shell) = Shell::open()? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &[])?;
    let way = format!("'{}' --proxy {} %h %p", ours(), proxy.at);
    let command = "echo out; echo err >&2; exit 7";
    let mut scene = Scene::of(shell.through(&way, &shell.host.port, command))?;
    let outcome = scene.ends_with(7)?;
    assert_eq!(outcome.stdout, b"out\n", "what the command wrote");
    assert_eq!(outcome.stderr, "err\n", "nothing but what the command said");
    proxy.told(&format!("CONNECT {}: over, ", shell.host.at))
}

#[test]
fn a_shell_that_a_proxy_may_not_lead_to_is_not_reached() -> Told {
    let Some(shell) = Shell::open()? else {
        return Ok(());
    };
    let rule = format!(":{}", shell.host.port);
    let proxy = Host::proxy("http", &["--proxy-deny", &rule])?;
    let way = format!("'{}' --proxy {} %h %p", ours(), proxy.at);
    let mut scene = Scene::of(shell.through(&way, &shell.host.port, "echo in"))?;
    let outcome = scene.ends_with(255)?;
    assert_eq!(outcome.stdout, b"", "it was reached all the same");
    crate::stage::holds(
        "stderr",
        &outcome.stderr,
        "Ncat: Proxy returned status code 403.",
    )
}
