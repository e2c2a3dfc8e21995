//! git over HTTP, through our proxies: it fetches what is there and brings what is new.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::common::payload::{noise, same};
use crate::common::{Program, Told, directory, told};
use crate::stage::{Host, has, run};

/// What answers one request.
const ANSWER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proxy_peers/git.sh");

/// More than git sends without cutting it into chunks.
const BULK: usize = 3 << 20;

/// A directory with a repository `there`, and git's server of it.
struct Forge {
    dir: TempDir,
    host: Host,
    scheme: &'static str,
}

impl Forge {
    fn open(scheme: &'static str) -> Told<Option<Self>> {
        if !has("git") {
            return Ok(None);
        }
        let dir = directory()?;
        git(dir.path(), &["init", "--quiet", "--bare", "there"])?;
        let there = ["-C", "there", "config"];
        git(
            dir.path(),
            &[&there[..], &["http.receivepack", "true"]].concat(),
        )?;
        git(dir.path(), &["init", "--quiet", "first"])?;
        told(fs::write(dir.path().join("first/old"), noise(31, BULK)))?;
        commit(&dir.path().join("first"), "old")?;
        git(
            dir.path(),
            &["-C", "first", "push", "--quiet", "../there", "HEAD:main"],
        )?;
        git(
            dir.path(),
            &["-C", "there", "symbolic-ref", "HEAD", "refs/heads/main"],
        )?;
        let command = format!("exec sh '{ANSWER}'");
        let secure: &[&str] = if scheme == "https" { &["--ssl"] } else { &[] };
        let options = [&["-k", "--sh-exec", &command], secure].concat();
        let root = dir.path().to_owned();
        let host = Host::dressed(&options, |program| {
            alone(program, &root).env("GIT_PROJECT_ROOT", &root)
        })?;
        Ok(Some(Self { dir, host, scheme }))
    }

    fn url(&self) -> String {
        format!("{}://{}/there", self.scheme, self.host.at)
    }

    /// Fetches the old through a proxy, and brings something new back.
    fn trade(&self, options: &[&str], proxy: &str) -> Told {
        let proxy = format!("http.proxy={proxy}");
        let words = [&["-c", &proxy, "-c", "http.sslVerify=false"], options].concat();
        let here = directory()?;
        let url = self.url();
        let clone = ["clone", "--quiet", &url, "copy"];
        git(here.path(), &[&words[..], &clone[..]].concat())?;
        let copy = here.path().join("copy");
        let old = told(fs::read(copy.join("old")))?;
        same("the file that was fetched", &old, &noise(31, BULK))?;
        told(fs::write(copy.join("new"), noise(32, BULK)))?;
        commit(&copy, "new")?;
        git(
            &copy,
            &[&words[..], &["push", "--quiet", "origin", "HEAD:new"][..]].concat(),
        )?;
        let new = git(self.dir.path(), &["-C", "there", "show", "new:new"])?;
        same("the file that was brought", &new, &noise(32, BULK))
    }
}

/// Git as nobody's user and in nobody's settings.
fn alone(program: Program, home: &Path) -> Program {
    let names = [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("NO_PROXY", ""),
        ("no_proxy", ""),
    ];
    let program = names
        .into_iter()
        .fold(program, |program, (name, value)| program.env(name, value));
    program.env("HOME", home)
}

/// Runs git in a directory, and gives what it wrote.
fn git(place: &Path, words: &[&str]) -> Told<Vec<u8>> {
    let at = place.display().to_string();
    let program = Program::at("git", [&["-C", &at], words].concat());
    Ok(run(alone(program, place))?.stdout)
}

fn commit(place: &Path, file: &str) -> Told {
    git(place, &["add", file])?;
    let somebody = [
        "-c",
        "user.name=somebody",
        "-c",
        "user.email=somebody@example",
    ];
    let commit = ["commit", "--quiet", "-m", file];
    git(place, &[&somebody[..], &commit[..]].concat()).map(drop)
}

#[test]
fn git_fetches_and_brings_through_an_http_proxy() -> Told {
    let Some(forge) = Forge::open("http")? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &[])?;
    forge.trade(&[], &format!("http://{}", proxy.at))?;
    proxy.told(&format!("GET {}/info/refs", forge.url()))?;
    proxy.told(&format!("POST {}/git-upload-pack: 200, ", forge.url()))?;
    proxy.told(&format!("POST {}/git-receive-pack: 200, ", forge.url()))
}

#[test]
fn git_shows_a_proxy_who_it_is() -> Told {
    let Some(forge) = Forge::open("http")? else {
        return Ok(());
    };
    for method in ["basic", "digest"] {
        let mut proxy = Host::proxy("http", &["--proxy-auth", "me:secret"])?;
        let method = format!("http.proxyAuthMethod={method}");
        forge.trade(&["-c", &method], &format!("http://me:secret@{}", proxy.at))?;
        let last = format!("POST {}/git-receive-pack as me: 200, ", forge.url());
        proxy.told(&last)?;
        told(fs::remove_file(
            forge.dir.path().join("there/refs/heads/new"),
        ))?;
    }
    Ok(())
}

#[cfg(feature = "tls")]
#[test]
fn git_speaks_tls_through_an_http_proxy() -> Told {
    let Some(forge) = Forge::open("https")? else {
        return Ok(());
    };
    let mut proxy = Host::proxy("http", &[])?;
    forge.trade(&[], &format!("http://{}", proxy.at))?;
    proxy.told(&format!("CONNECT {}: over, ", forge.host.at))
}

#[test]
fn git_goes_through_socks_proxies() -> Told {
    let Some(forge) = Forge::open("http")? else {
        return Ok(());
    };
    for (kind, scheme, who) in [
        ("socks5", "socks5h", ""),
        ("socks5", "socks5h", "me:secret@"),
        ("socks4", "socks4a", ""),
    ] {
        let options: &[&str] = match who {
            "" => &[],
            _ => &["--proxy-auth", "me:secret"],
        };
        let mut proxy = Host::proxy(kind, options)?;
        forge.trade(&[], &format!("{scheme}://{who}{}", proxy.at))?;
        let user = if who.is_empty() { "" } else { " as me" };
        proxy.told(&format!("CONNECT {}{user}: over, ", forge.host.at))?;
        told(fs::remove_file(
            forge.dir.path().join("there/refs/heads/new"),
        ))?;
    }
    Ok(())
}
