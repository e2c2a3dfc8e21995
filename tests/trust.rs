//! Certificates that `openssl` makes as its manual says, and whether they are believed; where it is
//! installed.
#![cfg(feature = "tls")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ncat::secure::{Wishes, describe};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use tempfile::TempDir;

/// The certificates of a script's directory; none without openssl.
fn made(script: &str) -> Option<TempDir> {
    let directory = tempfile::tempdir().expect("a directory");
    for line in script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        let mut openssl = Command::new("openssl");
        openssl.args(line.split(' ')).current_dir(directory.path());
        let done = openssl.stdin(Stdio::null()).output();
        let done = done
            .inspect_err(|error| eprintln!("no openssl: {error}"))
            .ok()?;
        assert!(done.status.success(), "openssl {line}: {done:?}");
    }
    Some(directory)
}

/// What is said of the certificates in one file while those in another are trusted.
fn said(directory: &Path, trusted: &str, shown: &str) -> String {
    let wishes = Wishes {
        cert: None,
        key: None,
        verify: false,
        trust: Some(directory.join(trusted)),
        ciphers: None,
        name: "a.com".to_owned(),
        named: false,
        alpn: Vec::new(),
        min: None,
        max: None,
        pins: Vec::new(),
        patience: Duration::from_secs(10),
    };
    let pem = std::fs::read(directory.join(shown)).expect("a certificate");
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.expect("certificates");
    let mut lines = describe(&chain, &wishes, UnixTime::now());
    let last = lines.pop().expect("some lines");
    let words = last.strip_prefix("Certificate verification failed (");
    words.unwrap_or("believed").to_owned()
}

#[test]
fn the_guides_own_recipe_makes_a_certificate_that_is_believed() {
    let Some(directory) = made(
        "req -new -x509 -newkey rsa:2048 -nodes -keyout key.pem -out own.pem -days 2 -subj /C=DE/O=Guide/CN=a.com
         req -new -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=a.com",
    ) else {
        return;
    };
    assert_eq!(said(directory.path(), "own.pem", "own.pem"), "believed");
    assert_ne!(said(directory.path(), "other.pem", "own.pem"), "believed");
}

#[test]
fn certificates_of_the_first_version_from_an_own_authority_are_believed() {
    let Some(directory) = made(
        "req -new -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=Root
         req -new -newkey rsa:2048 -nodes -keyout own.key -out own.csr -subj /CN=a.com
         x509 -req -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out own.pem
         x509 -req -in own.csr -signkey own.key -days 2 -out itself.pem
         x509 -req -sha1 -in own.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out old.pem",
    ) else {
        return;
    };
    assert_eq!(said(directory.path(), "ca.pem", "own.pem"), "believed");
    assert_eq!(
        said(directory.path(), "itself.pem", "itself.pem"),
        "believed"
    );
    assert_ne!(said(directory.path(), "itself.pem", "own.pem"), "believed");
    let old = said(directory.path(), "ca.pem", "old.pem");
    assert!(old.contains("not supported"), "signed with SHA-1: {old}");
}
