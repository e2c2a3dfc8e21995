//! Certificates and keys in a directory of their own, made by openssl.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::common::{Told, directory, told};

/// The words that a test may use beside openssl itself. Keys are on P-256, for they take no time to
/// make.
///
/// * `root NAME`: an authority of this name: NAME.pem and NAME.key.
/// * `sign NAME ISSUER SUBJECT EXTENSION..`: a certificate by that issuer, valid from $from to $to.
const WORDS: &str = r#"
exec 2>log
ec="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
from=$(date -u -d yesterday +%Y%m%d%H%M%SZ)
to=$(date -u -d 'next month' +%Y%m%d%H%M%SZ)
: >index.txt
cat >ca.cnf <<END
[ca]
default_ca = d
[d]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = p
unique_subject = no
[p]
commonName = supplied
END
root() {
    openssl req -new -x509 $ec -subj "/CN=$1" -days 30 -keyout "$1.key" -out "$1.pem"
}
sign() {
    name=$1 issuer=$2 subject=$3
    shift 3
    openssl req -new $ec -subj "/CN=$subject" -keyout "$name.key" -out "$name.csr"
    printf '%s\n' "$@" >"$name.ext"
    openssl ca -batch -notext -config ca.cnf -cert "$issuer.pem" -keyfile "$issuer.key" \
        -in "$name.csr" -out "$name.pem" -extfile "$name.ext" -startdate "$from" -enddate "$to"
}
"#;

/// Whether a program is installed; says so if it is not, for then its tests show nothing.
pub(crate) fn has(program: &str) -> bool {
    let shown = Command::new(program).arg("--version").output().is_ok();
    if !shown {
        eprintln!("SKIPPED: no scene with {program}, for it is not installed");
    }
    shown
}

/// A directory of certificates.
#[derive(Debug)]
pub(crate) struct Papers(TempDir);

impl Papers {
    /// What these lines of shell make.
    pub(crate) fn of(lines: &str) -> Told<Self> {
        let papers = Self(directory()?);
        let script = format!("{WORDS}\n{lines}");
        let mut shell = Command::new("/bin/sh");
        let done = shell.args(["-ec", &script]).current_dir(&papers.0).output();
        match told(done)?.status.success() {
            true => Ok(papers),
            false => Err(format!(
                "the certificates cannot be made: {}",
                papers.text("log").unwrap_or_default()
            )),
        }
    }

    /// An authority `root` and, by it, `server` with the names localhost and 127.0.0.1.
    pub(crate) fn usual() -> Told<Self> {
        Self::of("root root; sign server root localhost subjectAltName=DNS:localhost,IP:127.0.0.1")
    }

    /// Where a file is, as a word for a command line.
    pub(crate) fn at(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> Told<String> {
        told(std::fs::read_to_string(self.path(name)))
    }

    /// What a command in this directory says on its stdout.
    pub(crate) fn says(&self, line: &str) -> Told<String> {
        let mut shell = Command::new("/bin/sh");
        let done = told(shell.args(["-ec", line]).current_dir(&self.0).output())?;
        match done.status.success() {
            true => Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned()),
            false => Err(format!(
                "`{line}` fails: {}",
                String::from_utf8_lossy(&done.stderr)
            )),
        }
    }

    /// The words by which openssl's server is given a certificate.
    pub(crate) fn openssl(&self, name: &str) -> Vec<String> {
        let (cert, key) = (
            self.at(&format!("{name}.pem")),
            self.at(&format!("{name}.key")),
        );
        ["-cert".into(), cert, "-key".into(), key].into()
    }

    /// The words by which ncat is given one.
    pub(crate) fn ncat(&self, name: &str) -> Vec<String> {
        let (cert, key) = (
            self.at(&format!("{name}.pem")),
            self.at(&format!("{name}.key")),
        );
        ["--ssl-cert".into(), cert, "--ssl-key".into(), key].into()
    }
}
