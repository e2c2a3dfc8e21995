//! A certificate and its key, in one file that every contestant can read.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::side_by_side::place::PAPERS;

/// Has them made: RSA of 2048 bits, which is what all contestants have in common.
pub(crate) fn make(dir: &Path) -> io::Result<PathBuf> {
    let papers = dir.join(PAPERS);
    let mut command = Command::new("openssl");
    command
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes"])
        .args(["-subj", "/CN=localhost", "-days", "2", "-keyout"])
        .arg(&papers)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let made = command.output()?;
    if !made.status.success() {
        let why = format!("openssl made no certificate: {}", made.status);
        return Err(io::Error::other(why));
    }
    let mut both = fs::read(&papers)?;
    both.extend(made.stdout);
    fs::write(&papers, both)?;
    Ok(papers)
}
