//! Why a handshake cannot go on: what the peer is told, and what a person is.

use rustls::AlertDescription;

use super::alert;
use crate::secure;
use crate::wire::Fault;

/// Ends a session.
pub(super) struct Failure {
    /// `None` when it was the peer who told us.
    pub(super) alert: Option<u8>,
    pub(super) fault: Fault,
}

impl Failure {
    pub(super) fn new(alert: u8, words: impl Into<String>) -> Self {
        Self {
            alert: Some(alert),
            fault: Fault::new(words),
        }
    }

    /// The peer ended it.
    pub(super) fn told(alert: u8) -> Self {
        let words = match alert {
            alert::CLOSE_NOTIFY => "The peer hung up before the handshake was over".to_owned(),
            alert => secure::words(&rustls::Error::AlertReceived(alert.into())).0,
        };
        Self {
            alert: None,
            fault: Fault::new(words),
        }
    }

    /// The peer said what cannot be read.
    pub(super) fn garbled() -> Self {
        Self::new(
            alert::DECODE_ERROR,
            "The peer sent a handshake that makes no sense",
        )
    }

    /// Something that must not fail has failed.
    pub(super) fn internal() -> Self {
        Self::new(alert::INTERNAL_ERROR, "The handshake failed on our side")
    }

    /// The keys have sealed as much as they may.
    pub(super) fn worn() -> Self {
        Self::new(
            alert::INTERNAL_ERROR,
            "The keys of the session are worn out",
        )
    }
}

impl From<rustls::Error> for Failure {
    fn from(error: rustls::Error) -> Self {
        let alert = match &error {
            rustls::Error::InvalidCertificate(reason) => AlertDescription::from(reason.clone()),
            rustls::Error::PeerMisbehaved(_) => AlertDescription::IllegalParameter,
            rustls::Error::NoApplicationProtocol => AlertDescription::NoApplicationProtocol,
            _ => AlertDescription::InternalError,
        };
        Self {
            alert: Some(alert.into()),
            fault: Fault::of(&error),
        }
    }
}
