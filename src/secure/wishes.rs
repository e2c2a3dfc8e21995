//! What the user asked for, before any file is read.

use std::path::PathBuf;
use std::time::Duration;

/// `--ssl` and the options that imply it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// `--ssl-cert`: our certificate, and those that lead from it to a trusted one.
    pub cert: Option<PathBuf>,
    /// `--ssl-key`: the private key to it. Both are given or neither.
    pub key: Option<PathBuf>,
    /// `--ssl-verify`: a peer without a good certificate is refused. When listening, peers must have one.
    pub verify: bool,
    /// `--ssl-trustfile`: the only certificates to trust, in place of the system's.
    pub trust: Option<PathBuf>,
    /// `--ssl-ciphers`: in OpenSSL's syntax; not looked at yet.
    pub ciphers: Option<String>,
    /// `--ssl-servername`, or else the target as it was typed: whom to ask for and to expect. Empty when listening.
    pub name: String,
    /// The name was asked for by its option, not taken from the target.
    pub named: bool,
    /// `--ssl-alpn`: the protocols to offer or to accept, best first; none is empty or over 255 bytes.
    pub alpn: Vec<Vec<u8>>,
    /// `--ssl-min-version`.
    pub min: Option<Version>,
    /// `--ssl-max-version`.
    pub max: Option<Version>,
    /// `--ssl-pin`: the peer's certificate must have one of these SHA-256 hashes, if there are any.
    pub pins: Vec<[u8; 32]>,
    /// `--handshake-timeout`: how long a peer that came in may take to agree.
    pub patience: Duration,
}

/// A version of the protocol that the library speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// TLS 1.2 (RFC 5246), or DTLS 1.2 (RFC 6347).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}
