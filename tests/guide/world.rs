//! A world for one lesson: networks, names and processes of its own, all of which end with it.
//!
//! Every place has a directory of its own, and all that is typed in it begins there. What nobody gives a place
//! of its own is here.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::common::program::terminal;
use crate::common::{Catcher, Feeder, In, Medium, Out, Program, Running, Scene, Told};
use crate::common::{directory, told};
use crate::stand_ins::STAND_INS;

/// Names of the texts, all of which are this machine.
const NAMES: &str = "\
127.0.0.1 localhost host server client scanme.nmap.org example.org mail.example.com imap.example.com
127.0.0.1 proxyhost router www.google.com host.example proxy.example mail.example one.example two.example
127.0.0.1 example.com backup.example
::1 localhost ip6-localhost
192.168.0.125 trusted.example.com
";

/// What the machine needs before anybody types: names, room for what packages would have installed, and a
/// loopback that works.
const BEGIN: &str = "mount --bind ../hosts /etc/hosts && mount --bind ../games /usr/games && \
                     mount -t tmpfs none /run && mkdir /run/sshd && ip link set lo up && \
                     echo ready && exec cat";

#[derive(Debug)]
pub(crate) struct World {
    here: Running,
    /// Machines beside this one, by name.
    hosts: Vec<(&'static str, Running)>,
    // Goes last: everybody works in it.
    dir: TempDir,
}

/// Whether worlds can be made; says so if not.
pub(crate) fn can() -> bool {
    let words = [&apart()[..], &["ip", "link", "add", "type", "veth"]].concat();
    let made = Command::new(words[0]).args(&words[1..]).output();
    let can = made.is_ok_and(|made| made.status.success());
    if !can {
        println!("SKIPPED: this user cannot make networks");
    }
    can
}

/// The words that start a program in name spaces of its own; whoever is not root becomes it there.
fn apart() -> Vec<&'static str> {
    let mut words = vec!["unshare", "-nmpf", "--kill-child", "--mount-proc"];
    if !geteuid().is_root() {
        words.push("-Ur");
    }
    words
}

impl World {
    pub(crate) fn new(hosts: &'static [&'static str]) -> Told<Self> {
        let dir = directory()?;
        furnish(dir.path(), hosts)?;
        let here = holder(dir.path(), &apart(), BEGIN)?;
        let mut world = Self {
            here,
            hosts: Vec::new(),
            dir,
        };
        for (i, name) in hosts.iter().enumerate() {
            world.add(name, i + 1)?;
        }
        Ok(world)
    }

    /// Adds a machine with a cable to the one that joins them all.
    fn add(&mut self, name: &'static str, number: usize) -> Told {
        let words = [self.entry(), vec!["unshare".into(), "-n".into()]].concat();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let script = "ip link set lo up && echo ready && exec cat";
        let holder = holder(self.dir.path(), &words, script)?;
        let id = holder.id();
        // The first one brings what joins them.
        let bridge = "ip link add joint type bridge && ip link set joint up && ";
        let bridge = if number == 1 { bridge } else { "" };
        self.sh(
            &self.here,
            &format!(
                "{bridge}ip link add to{number} master joint up type veth peer name eth0 netns {id}"
            ),
        )?;
        self.sh(
            &holder,
            &format!("ip addr add 10.0.0.{number}/24 dev eth0 && ip link set eth0 up && ip route add default dev eth0"),
        )?;
        self.hosts.push((name, holder));
        Ok(())
    }

    /// The words that start a program among the processes and files of this world.
    fn entry(&self) -> Vec<String> {
        let id = self.here.id();
        let space = |option: &str, name: &str| format!("--{option}=/proc/{id}/ns/{name}");
        let mut words = vec!["nsenter".to_owned(), space("mount", "mnt")];
        if !geteuid().is_root() {
            words.extend([space("user", "user"), "--preserve-credentials".to_owned()]);
        }
        words
    }

    /// The words that start a program at a place.
    fn entry_at(&self, place: &str) -> Vec<String> {
        let mut words = self.entry();
        words.push(format!("--net=/proc/{}/ns/net", self.at(place).id()));
        words.push(format!(
            "--pid=/proc/{}/ns/pid_for_children",
            self.here.id()
        ));
        words
    }

    /// Runs a line for the networks themselves, whose processes have their outer numbers there.
    fn sh(&self, at: &Running, line: &str) -> Told {
        let mut words = self.entry();
        words.push(format!("--net=/proc/{}/ns/net", at.id()));
        let done = Command::new(&words[0])
            .args(&words[1..])
            .args(["sh", "-c", line])
            .output();
        let done = told(done)?;
        match done.status.success() {
            true => Ok(()),
            false => Err(format!("{line}: {}", String::from_utf8_lossy(&done.stderr))),
        }
    }

    /// Who holds a place open, and sees its networks.
    pub(crate) fn at(&self, place: &str) -> &Running {
        let found = self.hosts.iter().find(|(name, _)| *name == place);
        found.map_or(&self.here, |(_, holder)| holder)
    }

    /// A file: `place/name`, or a name for one that is here.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        match name.contains('/') {
            true => self.dir.path().join(name),
            false => self.dir.path().join("here").join(name),
        }
    }

    /// A terminal at a place, where somebody types this line.
    pub(crate) fn terminal(&self, place: &str, line: &str) -> Told<Scene> {
        let known = self.hosts.iter().any(|(name, _)| *name == place);
        let home = self.dir.path().join(if known { place } else { "here" });
        let (ours, theirs) = terminal()?;
        let (copy, screen) = (told(ours.try_clone())?, told(theirs.try_clone())?);
        let line = format!("exec 2>&1; {line}");
        let dir = self.dir.path().display();
        let path = std::env::var("PATH").unwrap_or_default();
        let home = home.display().to_string();
        let own = [
            "env",
            "--default-signal=INT,TERM,HUP,QUIT,PIPE",
            "-C",
            &home,
            "setsid",
            "-c",
        ];
        let entry = self.entry_at(place);
        let words: Vec<&str> = entry.iter().map(String::as_str).chain(own).collect();
        let program = Program::at("bash", ["-c", &line])
            .stdin(In::Given(theirs))
            .stdout(Out::Given(screen))
            .env("PATH", format!("{dir}/bin:{path}:/usr/sbin:/sbin"))
            .env("WORLD", self.dir.path())
            .through(&words);
        let mut scene = Scene::of(program)?;
        scene.program.stdin = Feeder::new(copy, Medium::Terminal);
        scene.program.stdout = Catcher::new(ours, Medium::Terminal);
        Ok(scene)
    }
}

/// Somebody who holds a place open until the world ends.
fn holder(dir: &Path, words: &[&str], script: &str) -> Told<Running> {
    let here = dir.join("here").display().to_string();
    let words = [words, &["env", "-C", &here]].concat();
    let program = Program::at("sh", ["-c", script])
        .stdin(In::Pipe)
        .through(&words);
    let mut scene = Scene::of(program)?;
    scene.until("the place is there", |s| s.program.stdout.got == b"ready\n")?;
    Ok(scene.program)
}

/// Makes the directories, the names, and the programs that stand for others.
fn furnish(dir: &Path, hosts: &[&str]) -> Told {
    for name in [&["here", "bin", "games"], hosts].concat() {
        told(fs::create_dir(dir.join(name)))?;
    }
    let named = |(i, name): (usize, &&str)| format!("10.0.0.{} {name}\n", i + 1);
    let more: String = hosts.iter().enumerate().map(named).collect();
    // Where no machine has that name, it is this one too.
    let usual = ["host1", "host2", "host3"];
    let usual = usual.iter().filter(|name| !hosts.contains(name));
    let usual: String = usual.map(|name| format!("127.0.0.1 {name}\n")).collect();
    told(fs::write(
        dir.join("hosts"),
        format!("{more}{usual}{NAMES}"),
    ))?;
    let ncat = std::env::var_os("NCAT_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_ncat").into());
    told(symlink(ncat, dir.join("bin/ncat")))?;
    for (name, text) in STAND_INS {
        let path = dir.join(name);
        told(fs::write(&path, text))?;
        told(fs::set_permissions(path, fs::Permissions::from_mode(0o755)))?;
    }
    Ok(())
}
