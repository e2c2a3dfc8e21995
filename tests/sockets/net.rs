//! Networks of their own: name spaces that end with the test, joined by cables.

use std::process::{Command, Output};

use crate::common::{Deadline, In, Program, Running, Scene, Told, told};

/// A machine of its own, as far as networks go. Only root can make one.
#[derive(Debug)]
pub(crate) struct Net {
    holder: Running,
}

/// Whether networks can be made here; says so if not.
pub(crate) fn can() -> bool {
    let made = Command::new("unshare")
        .args(["--net", "ip", "link", "add", "v0", "type", "veth"])
        .output();
    let can = made.is_ok_and(|made| made.status.success());
    if !can {
        println!("SKIPPED: this user cannot make networks");
    }
    can
}

impl Net {
    /// One with nothing but a loopback that works.
    pub(crate) fn new() -> Told<Self> {
        let script = "ip link set lo up && echo ready && exec cat";
        let program = Program::at("unshare", ["--net", "sh", "-c", script]).stdin(In::Pipe);
        let mut scene = Scene::of(program)?;
        scene.until("the network is there", |s| {
            s.program.stdout.got == b"ready\n"
        })?;
        Ok(Self {
            holder: scene.program,
        })
    }

    /// The words that start a program there.
    fn enter(&self) -> [String; 2] {
        let space = format!("--net=/proc/{}/ns/net", self.holder.id());
        ["nsenter".into(), space]
    }

    /// Has a program run there.
    pub(crate) fn with(&self, program: Program) -> Program {
        let [enter, space] = self.enter();
        program.through(&[&enter, &space])
    }

    /// Has a program run there that may do no more than anybody may.
    pub(crate) fn with_no_rights(&self, program: Program) -> Program {
        let [enter, space] = self.enter();
        let none = ["--bounding-set=-all", "--inh-caps=-all"];
        program.through(&[&enter, &space, "setpriv", none[0], none[1]])
    }

    /// A shell's line, run there to its end; what it writes.
    pub(crate) fn sh(&self, line: &str) -> Told<String> {
        let [enter, space] = self.enter();
        let output: Output = told(
            Command::new(enter)
                .args([&space, "sh", "-c", line])
                .output(),
        )?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                Err(format!("{line}: {why}"))
            }
        }
    }

    /// A cable from `name` here to `far_name` there, with an address at either end.
    pub(crate) fn cable(&self, name: &str, ip: &str, far: &Self, far_name: &str, to: &str) -> Told {
        let id = far.holder.id();
        self.sh(&format!(
            "ip link add {name} type veth peer name {far_name} netns {id}"
        ))?;
        self.address(name, ip)?;
        far.address(far_name, to)
    }

    fn address(&self, name: &str, ip: &str) -> Told {
        self.sh(&format!(
            "ip addr add {ip} dev {name} && ip link set {name} up"
        ))?;
        Ok(())
    }

    /// Asks a shell's line there until what it writes will do.
    pub(crate) fn until(&self, line: &str, good: impl Fn(&str) -> bool) -> Told {
        let deadline = Deadline::usual();
        loop {
            let text = self.sh(line)?;
            if good(&text) {
                return Ok(());
            }
            if deadline.passed() {
                return Err(format!("{line} says in vain: {text}"));
            }
        }
    }
}

/// Two of them with a cable: 10.1.0.1 at `v0`, and 10.1.0.2 at `v1`.
pub(crate) fn pair() -> Told<(Net, Net)> {
    let (near, far) = (Net::new()?, Net::new()?);
    near.cable("v0", "10.1.0.1/24", &far, "v1", "10.1.0.2/24")?;
    Ok((near, far))
}
