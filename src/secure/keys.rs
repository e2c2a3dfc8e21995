//! Who we are: `--ssl-cert` and `--ssl-key`.

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SigningKey};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::pem::{self, Ask};
use super::provider::KEYS;

/// More than this is no file of certificates: somebody named `/dev/zero` or a backup.
const LARGEST: u64 = 1 << 20;

/// The words that users of OpenSSL know.
const PROMPT: &str = "Enter PEM pass phrase:";

/// The certificates and the key to the first of them. Both may be in one file.
///
/// The error is a sentence without a full stop.
pub(super) fn identity(
    cert: &Path,
    key: &Path,
    provider: &CryptoProvider,
    ask: Ask<'_>,
) -> Result<CertifiedKey, String> {
    let text = read(cert)?;
    let chain = pem::certificates(&text).map_err(|words| about(cert, &words))?;
    // A pipe could not be read twice.
    let text = if key == cert { text } else { read(key)? };
    let secret = pem::key(&text, ask).map_err(|words| about(key, &words))?;
    let secret = provider.key_provider.load_private_key(secret);
    let useless = |_| about(key, &format!("holds a key that cannot be used: {KEYS} can"));
    let secret = secret.map_err(useless)?;
    if !belongs(&chain[0], &*secret) {
        return Err(format!(
            "The key in {} does not belong to the certificate in {}",
            key.display(),
            cert.display()
        ));
    }
    Ok(CertifiedKey::new(chain, secret))
}

/// All of a file that is not too large for what it is to hold.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 > LARGEST => Err(about(path, "is larger than 1 MiB")),
        Ok(_) => Ok(bytes),
        Err(error) => Err(about(path, &format!("cannot be read: {}", reason(&error)))),
    }
}

fn about(path: &Path, words: &str) -> String {
    format!("{} {words}", path.display())
}

fn reason(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or_default().into()
}

/// On the terminal, whatever stdin is.
pub(super) fn ask(again: bool) -> Result<String, String> {
    let prompt = match again {
        true => format!("That is not it. {PROMPT}"),
        false => PROMPT.to_owned(),
    };
    rpassword::prompt_password(prompt).map_err(|error| {
        let why = reason(&error);
        format!("holds an encrypted key, and no terminal gives its pass phrase: {why}")
    })
}

/// Compares them ourselves, for the library's way is to refuse certificates of version 1, which
/// OpenSSL makes to this day.
fn belongs(certificate: &CertificateDer<'_>, key: &dyn SigningKey) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
        return false;
    };
    match key.public_key() {
        Some(public) => public.as_ref() == certificate.public_key().raw,
        // A key that cannot tell is found out in the first handshake.
        None => true,
    }
}
