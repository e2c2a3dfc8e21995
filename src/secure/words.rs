//! What the library complains of, told to a person.

use rustls::{CertificateError, Error};

use super::verify::Rejection;

/// A sentence without a full stop, and whether the peer is an impostor.
pub fn words(error: &Error) -> (String, bool) {
    if let Error::InvalidCertificate(CertificateError::Other(other)) = error
        && let Some(rejection) = other.0.downcast_ref::<Rejection>()
    {
        return (rejection.words.clone(), rejection.impostor);
    }
    (error.to_string(), false)
}
