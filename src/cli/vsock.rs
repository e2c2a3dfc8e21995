//! Places among virtual machines: a CID says which, a port of 32 bits says what there.
//!
//! Both are numbers (vsock(7)); there are no names for either.

use std::borrow::Cow;
use std::ffi::OsString;

use super::opts::{Domain, Options};
use super::place::{DEFAULT_PORT, Place, invalid_port, one_port};
use super::plan::{Target, Vsock};
use super::target::PortWord;
use super::{UsageError, quantity};

/// `-p` where it is one of these; the others have 16 bits and are read with the other options.
pub(super) fn source_port(options: &Options) -> Result<Option<u32>, UsageError> {
    let Some(word) = &options.source_port else {
        return Ok(None);
    };
    let port = match word {
        PortWord::Number(number) => u32::try_from(*number).map_err(|_| number.to_string()),
        PortWord::Service(name) => Err(name.clone()),
    };
    let refusal = |word| UsageError::quitting(format!("Invalid source port {word}."));
    port.map(Some).map_err(refusal)
}

/// Whether this is what the options ask for.
pub(super) fn is_meant(options: &Options) -> bool {
    options.domain == Domain::Vsock
}

impl Place<'_> {
    /// Whom to reach.
    pub(super) fn vsock_target(&mut self) -> Result<Target, UsageError> {
        let cid = self.options.source.as_ref().map(|word| {
            let word = word.to_string_lossy();
            let refusal = || format!("Invalid source address CID \"{word}\".");
            cid(&word).ok_or_else(|| UsageError::quitting(refusal()))
        });
        let (cid, port) = (cid.transpose()?, source_port(self.options)?);
        let local = (cid.is_some() || port.is_some()).then_some(Vsock { cid, port });
        self.lists()?;
        let (host, ports) = self
            .operands
            .split_first()
            .ok_or_else(|| UsageError::quitting("You must specify a host to connect to."))?;
        Ok(Target::Vsock {
            cid: peer_cid(host)?,
            port: port_of(None, ports)?,
            datagram: self.options.datagram,
            local,
        })
    }

    /// Where to wait: a number alone is a port, unless `-p` gives that.
    pub(super) fn vsock_place(&self) -> Result<Vsock, UsageError> {
        let source = source_port(self.options)?;
        let (host, ports) = match self.operands {
            [_] if source.is_none() => (None, self.operands),
            [host, ports @ ..] => (Some(host), ports),
            [] => (None, self.operands),
        };
        Ok(Vsock {
            cid: host.map(peer_cid).transpose()?,
            port: Some(port_of(source, ports)?),
        })
    }
}

fn port_of(source: Option<u32>, operands: &[OsString]) -> Result<u32, UsageError> {
    match one_port(source, operands)? {
        Some(word) => {
            let number = quantity::unsigned(&word).and_then(|number| number.try_into().ok());
            number.ok_or_else(|| invalid_port(&word))
        }
        None => Ok(DEFAULT_PORT.into()),
    }
}

fn peer_cid(word: &OsString) -> Result<u32, UsageError> {
    let word: Cow<'_, str> = word.to_string_lossy();
    cid(&word).ok_or_else(|| UsageError::quitting(format!("Invalid CID \"{word}\".")))
}

/// 0 is nobody's; the highest stands for all of our own.
fn cid(word: &str) -> Option<u32> {
    let number = quantity::unsigned(word)?;
    u32::try_from(number).ok().filter(|&cid| cid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cid_has_32_bits_and_is_not_0() {
        let cases = [
            ("1", Some(1)),
            ("4294967295", Some(u32::MAX)),
            ("0", None),
            ("", None),
            ("4294967296", None),
            ("x", None),
            ("0x2", None),
            ("-1", None),
        ];
        for (word, wanted) in cases {
            assert_eq!(cid(word), wanted, "CID {word:?}");
        }
    }
}
