//! What the library complains of, told to a person.

use rustls::{
    AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible, PeerMisbehaved,
};

use super::verify::Rejection;

/// What users and scripts know of a server that is not the one they asked for.
const IMPOSTOR: &str = "Certificate verification error";

/// A sentence without a full stop, and whether the peer is somebody else than it should be.
pub fn words(error: &Error) -> (String, bool) {
    if let Error::InvalidCertificate(CertificateError::Other(other)) = error
        && let Some(rejection) = other.0.downcast_ref::<Rejection>()
    {
        return match rejection.impostor {
            true => (format!("{IMPOSTOR}: {}", rejection.words), true),
            false => (capital(&rejection.words), false),
        };
    }
    let said = match error {
        Error::AlertReceived(alert) => alerted(*alert),
        Error::InvalidCertificate(why) => certificate(why),
        Error::InvalidMessage(why) => message(why),
        Error::PeerIncompatible(why) => incompatible(why),
        Error::PeerMisbehaved(why) => misbehaved(why),
        Error::NoCertificatesPresented => "The peer has shown no certificate".into(),
        Error::NoApplicationProtocol => {
            "The peer and we have no application protocol (ALPN) in common".into()
        }
        Error::DecryptError => "What the peer sent cannot be decrypted".into(),
        Error::PeerSentOversizedRecord => "The peer sent a record that is too large".into(),
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "The peer sent a TLS message out of turn".into()
        }
        Error::FailedToGetRandomBytes => "The system has no random bytes".into(),
        other => format!("TLS failed: {other}"),
    };
    (said, false)
}

/// What is certain to help, in a sentence.
pub fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => {
            other.0.downcast_ref::<Rejection>()?.hint
        }
        _ => None,
    }
}

/// The peer's last word to us. It does not say more.
fn alerted(alert: AlertDescription) -> String {
    use AlertDescription::*;
    let why = match alert {
        BadCertificate => "our certificate is not the right one (bad certificate)",
        UnsupportedCertificate => "it does not take certificates like ours",
        CertificateRevoked => "our certificate is revoked",
        CertificateExpired => "our certificate has expired or is not valid yet",
        CertificateUnknown => "it does not accept our certificate",
        UnknownCA => "it does not know who issued our certificate (unknown CA)",
        CertificateRequired | NoCertificate => "it wants a certificate from us",
        AccessDenied => "our certificate is not allowed in",
        // Before TLS 1.3 this is also how a certificate is missed.
        HandshakeFailure => {
            "it found no cipher or parameters in common, or wants a certificate from us (handshake failure)"
        }
        InsufficientSecurity => "our ciphers are too weak for it",
        ProtocolVersion => "it does not speak our versions of TLS",
        InappropriateFallback => "it speaks a later version of TLS than was offered",
        NoApplicationProtocol => "it has no application protocol (ALPN) in common with us",
        UnrecognisedName => "it does not know the name that was asked for",
        BadRecordMac | DecryptError | DecryptionFailed => "it could not decrypt what we sent",
        DecodeError | RecordOverflow | UnexpectedMessage | IllegalParameter => {
            "it did not understand what we sent"
        }
        UserCanceled => "its user gave up",
        InternalError => "it has troubles of its own (internal error)",
        other => return format!("The peer refused: alert {}", u8::from(other)),
    };
    format!("The peer refused: {why}")
}

/// Verifiers of ours mostly find words themselves; this is for what they leave to the library.
fn certificate(why: &CertificateError) -> String {
    use CertificateError::*;
    let why = match why {
        BadEncoding => "it is damaged",
        Expired | ExpiredContext { .. } => "it has expired",
        NotValidYet | NotValidYetContext { .. } => "it is not valid yet",
        Revoked => "it is revoked",
        UnhandledCriticalExtension => "it holds a critical extension that is not known here",
        UnknownIssuer => "nobody who is trusted has issued it",
        BadSignature => "a signature is not what it should be",
        UnsupportedSignatureAlgorithmContext { .. }
        | UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed in a way that is not supported here"
        }
        InvalidPurpose | InvalidPurposeContext { .. } => "it is for another purpose",
        NotValidForName | NotValidForNameContext { .. } => "it is for another name",
        Other(why) => return format!("The certificate is not accepted: {}", why.0),
        other => return format!("The certificate is not accepted: {other}"),
    };
    format!("The certificate is not accepted: {why}")
}

fn message(why: &InvalidMessage) -> String {
    use InvalidMessage::*;
    match why {
        // The first bytes of each record tell.
        InvalidContentType | UnknownProtocolVersion => "The peer does not speak TLS".into(),
        MessageTooLarge | HandshakePayloadTooLarge | CertificatePayloadTooLarge => {
            "The peer sent a TLS message that is too large".into()
        }
        other => format!("The peer sent a TLS message that is damaged ({other:?})"),
    }
}

fn incompatible(why: &PeerIncompatible) -> String {
    use PeerIncompatible::*;
    let what = match why {
        NoCipherSuitesInCommon => "no cipher",
        NoKxGroupsInCommon | NamedGroupsExtensionRequired => "no key exchange",
        NoSignatureSchemesInCommon | NoCertificateRequestSignatureSchemesInCommon => {
            "no signature that our certificate's key can make"
        }
        ServerDoesNotSupportTls12Or13
        | ServerTlsVersionIsDisabledByOurConfig
        | SignatureAlgorithmsExtensionRequired
        | SupportedVersionsExtensionRequired
        | Tls12NotOffered
        | Tls12NotOfferedOrEnabled => "no version of TLS",
        other => return format!("The peer lacks what we need ({other:?})"),
    };
    format!("The peer and we have {what} in common")
}

fn misbehaved(why: &PeerMisbehaved) -> String {
    use PeerMisbehaved::*;
    match why {
        AttemptedDowngradeToTls12WhenTls13IsSupported => {
            "Somebody on the way wants to make us use an older version of TLS".into()
        }
        TooManyRenegotiationRequests => "The peer wants to negotiate again and again".into(),
        other => format!("The peer broke the rules of TLS ({other:?})"),
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    fn rejection(words: &str, impostor: bool) -> Error {
        Error::from(Rejection {
            words: words.to_owned(),
            impostor,
            hint: None,
        })
    }

    #[test]
    fn what_goes_wrong_is_told_to_persons() {
        for (error, said) in [
            (
                Error::AlertReceived(AlertDescription::UnknownCA),
                "The peer refused: it does not know who issued our certificate (unknown CA)",
            ),
            (
                Error::AlertReceived(AlertDescription::from(200)),
                "The peer refused: alert 200",
            ),
            (
                Error::AlertReceived(AlertDescription::HandshakeFailure),
                "The peer refused: it found no cipher or parameters in common, or wants a certificate \
                 from us (handshake failure)",
            ),
            (
                InvalidMessage::InvalidContentType.into(),
                "The peer does not speak TLS",
            ),
            (
                PeerIncompatible::NoCipherSuitesInCommon.into(),
                "The peer and we have no cipher in common",
            ),
            (
                PeerIncompatible::Tls12NotOffered.into(),
                "The peer and we have no version of TLS in common",
            ),
            (
                CertificateError::Expired.into(),
                "The certificate is not accepted: it has expired",
            ),
            (
                Error::NoCertificatesPresented,
                "The peer has shown no certificate",
            ),
            (
                rejection("the certificate is red", false),
                "The certificate is red",
            ),
            (
                CertificateError::Other(OtherError(Arc::new(std::fmt::Error))).into(),
                "The certificate is not accepted: an error occurred when formatting an argument",
            ),
        ] {
            assert_eq!(words(&error), (said.to_owned(), false), "{error:?}");
        }
    }

    #[test]
    fn an_impostor_is_told_from_a_failure() {
        let error = rejection("the certificate is for a.com and not for b.com", true);
        let said = "Certificate verification error: the certificate is for a.com and not for b.com";
        assert_eq!(words(&error), (said.to_owned(), true));
    }
}
