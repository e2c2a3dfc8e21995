//! What layers are made with: for a client, and for a server.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ServerConfig};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{KeyLogFile, SupportedProtocolVersion, version};

use super::keys::{ask, identity};
use super::names::spoken;
use super::provider::provider;
use super::temporary::temporary;
use super::verify::{client_verifier, server_verifier};
use super::{Version, Wishes, fingerprint};

/// Named here, the file gets the keys of every connection, for those who look into what they sent.
const KEYS_OF_CONNECTIONS: &str = "SSLKEYLOGFILE";

/// What a client's layers are made with.
#[derive(Debug)]
pub struct Client {
    /// The library's part.
    pub config: Arc<ClientConfig>,
    /// Whom to ask for and to expect.
    pub name: ServerName<'static>,
    /// Who judges servers; `config` has it too, but does not tell.
    pub verifier: Arc<dyn ServerCertVerifier>,
}

/// What a server's layers are made with.
#[derive(Debug)]
pub struct Server {
    /// The library's part.
    pub config: Arc<ServerConfig>,
    /// What a person may want to know of it, each a line.
    pub remarks: Vec<String>,
    /// Who it is; `config` has it too, but does not tell.
    pub identity: Arc<CertifiedKey>,
    /// Who asks clients for certificates and judges them, if anybody does; `config` does not tell.
    pub verifier: Option<Arc<dyn ClientCertVerifier>>,
}

/// All that a client needs, or a sentence without a full stop.
pub fn client(wishes: &Wishes) -> Result<Client, String> {
    let name = name(wishes)?;
    let provider = provider(wishes.ciphers.as_deref())?;
    let versions = versions(wishes, &provider)?;
    let verifier = server_verifier(wishes, &provider)?;
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier));
    let mut config = match given(wishes, &provider)? {
        Some(identity) => {
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
        }
        None => config.with_no_client_auth(),
    };
    config.enable_sni = name.is_some();
    config.alpn_protocols.clone_from(&wishes.alpn);
    // One connection is all we make.
    config.resumption = Resumption::disabled();
    if keys_are_wanted() {
        config.key_log = Arc::new(KeyLogFile::new());
    }
    Ok(Client {
        config: Arc::new(config),
        name: name.unwrap_or_else(nobody),
        verifier,
    })
}

/// All that a server needs, or a sentence without a full stop. A temporary certificate is in the name
/// of `host`.
pub fn server(wishes: &Wishes, host: &str) -> Result<Server, String> {
    let provider = provider(wishes.ciphers.as_deref())?;
    let versions = versions(wishes, &provider)?;
    let verifier = client_verifier(wishes, &provider)?;
    let (identity, remarks) = match given(wishes, &provider)? {
        Some(identity) => (identity, Vec::new()),
        None => made_up(host, &provider)?,
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| error.to_string())?;
    let identity = Arc::new(identity);
    let config = match verifier.clone() {
        Some(verifier) => config.with_client_cert_verifier(verifier),
        None => config.with_no_client_auth(),
    };
    let mut config =
        config.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&identity))));
    config.alpn_protocols.clone_from(&wishes.alpn);
    // Nobody is known again: it would be state kept for peers that are gone. And tickets that a peer
    // which only writes has not read when it closes would make its close a reset.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    if keys_are_wanted() {
        config.key_log = Arc::new(KeyLogFile::new());
    }
    Ok(Server {
        config: Arc::new(config),
        remarks,
        identity,
        verifier,
    })
}

fn keys_are_wanted() -> bool {
    std::env::var_os(KEYS_OF_CONNECTIONS).is_some()
}

/// Versions within the user's bounds that there are suites for.
fn versions(
    wishes: &Wishes,
    provider: &CryptoProvider,
) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let known = [
        (Version::Tls13, &version::TLS13),
        (Version::Tls12, &version::TLS12),
    ];
    let mut left = Vec::new();
    for (version, library) in known {
        let wished = wishes.min.is_none_or(|min| version >= min)
            && wishes.max.is_none_or(|max| version <= max);
        let has_suites = || {
            let mut suites = provider.cipher_suites.iter();
            suites.any(|suite| suite.version() == library)
        };
        if wished && has_suites() {
            left.push(library);
        }
    }
    match left.is_empty() {
        true => Err("The cipher list leaves none for the versions that are asked for".to_owned()),
        false => Ok(left),
    }
}

/// Whom to ask for; nothing when the target is a word that can be no name and nobody will look.
fn name(wishes: &Wishes) -> Result<Option<ServerName<'static>>, String> {
    if let Some(address) = spoken(&wishes.name) {
        return Ok(Some(ServerName::from(address)));
    }
    match ServerName::try_from(wishes.name.clone()) {
        Ok(name) => Ok(Some(name)),
        Err(_) if wishes.named || wishes.verify => Err(format!(
            "{:?} is no name that a certificate could hold",
            wishes.name
        )),
        Err(_) => Ok(None),
    }
}

/// The library wants some name even when nobody is asked for; it tells no one of addresses.
fn nobody() -> ServerName<'static> {
    ServerName::from(IpAddr::from([0, 0, 0, 0]))
}

/// Who the user's files say we are.
fn given(wishes: &Wishes, provider: &CryptoProvider) -> Result<Option<CertifiedKey>, String> {
    match (&wishes.cert, &wishes.key) {
        (Some(cert), Some(key)) => identity(cert, key, provider, &mut ask).map(Some),
        _ => Ok(None),
    }
}

fn made_up(host: &str, provider: &CryptoProvider) -> Result<(CertifiedKey, Vec<String>), String> {
    let made = temporary(host, provider)?;
    let remarks =
        vec![
        "Generating a temporary P-256 key. Use --ssl-key and --ssl-cert to use a permanent one."
            .to_owned(),
        format!("SHA-1 fingerprint: {}", fingerprint::sha1(&made.certificate)),
        format!(
            "SHA-256 fingerprint: {}",
            fingerprint::sha256(&made.certificate)
        ),
    ];
    let key = provider.key_provider.load_private_key(made.key);
    let key = key.map_err(|error| format!("the temporary key is of no use: {error}"))?;
    Ok((CertifiedKey::new(vec![made.certificate], key), remarks))
}
