//! What sessions are made with: suites, groups, certificates, and whom to trust.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, SecureRandom, SupportedKxGroup};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{KeyLog, ProtocolVersion, Tls12CipherSuite};

use super::cipher::Method;
use crate::secure::{Client, Server};

/// Says of a peer's certificates what a person may want to know, in lines.
pub type Describe = Rc<dyn Fn(&[CertificateDer<'_>]) -> Vec<String>>;

/// What clients are made with.
#[derive(Clone)]
pub struct ClientKit {
    pub(super) common: Common,
    pub(super) verifier: Arc<dyn ServerCertVerifier>,
    pub(super) name: ServerName<'static>,
    pub(super) certificate: Arc<dyn ResolvesClientCert>,
}

/// What servers are made with, and their [`super::Door`].
#[derive(Clone)]
pub struct ServerKit {
    pub(super) common: Common,
    /// Who asks clients for certificates and judges them, if anybody does.
    pub(super) verifier: Option<Arc<dyn ClientCertVerifier>>,
    pub(super) certificate: Arc<CertifiedKey>,
}

/// What both have.
#[derive(Clone)]
pub(super) struct Common {
    /// Best first; never empty.
    pub(super) suites: Rc<[(&'static Tls12CipherSuite, Method)]>,
    /// Best first; never empty.
    pub(super) groups: Rc<[&'static dyn SupportedKxGroup]>,
    pub(super) random: &'static dyn SecureRandom,
    pub(super) log: Arc<dyn KeyLog>,
    pub(super) alpn: Rc<[Vec<u8>]>,
    pub(super) describe: Option<Describe>,
}

impl ClientKit {
    /// A kit with all that a TLS client has, or a sentence without a full stop.
    pub fn new(client: &Client) -> Result<Self, String> {
        let config = &client.config;
        let provider = config.crypto_provider();
        Ok(Self {
            common: Common::new(provider, config.key_log.clone(), &config.alpn_protocols)?,
            verifier: client.verifier.clone(),
            name: client.name.clone(),
            certificate: config.client_auth_cert_resolver.clone(),
        })
    }

    /// Has `describe` make the remarks about a server.
    pub fn describing(mut self, describe: Describe) -> Self {
        self.common.describe = Some(describe);
        self
    }
}

impl ServerKit {
    /// A kit with all that a TLS server has, or a sentence without a full stop.
    pub fn new(server: &Server) -> Result<Self, String> {
        let config = &server.config;
        let provider = config.crypto_provider();
        Ok(Self {
            common: Common::new(provider, config.key_log.clone(), &config.alpn_protocols)?,
            verifier: server.verifier.clone(),
            certificate: server.identity.clone(),
        })
    }

    /// Has `describe` make the remarks about a client.
    pub fn describing(mut self, describe: Describe) -> Self {
        self.common.describe = Some(describe);
        self
    }
}

impl Common {
    fn new(
        provider: &CryptoProvider,
        log: Arc<dyn KeyLog>,
        alpn: &[Vec<u8>],
    ) -> Result<Self, String> {
        let suites: Rc<[_]> = provider
            .cipher_suites
            .iter()
            .filter_map(|suite| match suite {
                rustls::SupportedCipherSuite::Tls12(suite) => Some(*suite),
                rustls::SupportedCipherSuite::Tls13(_) => None,
            })
            .filter_map(|suite| Some((suite, Method::of(suite.common.suite)?)))
            .collect();
        let groups: Rc<[_]> = provider
            .kx_groups
            .iter()
            .copied()
            .filter(|group| group.usable_for_version(ProtocolVersion::TLSv1_2))
            .collect();
        if suites.is_empty() || groups.is_empty() {
            return Err("no cipher suite is left that DTLS 1.2 has".into());
        }
        Ok(Self {
            suites,
            groups,
            random: provider.secure_random,
            log,
            alpn: alpn.into(),
            describe: None,
        })
    }

    pub(super) fn random(&self) -> Result<[u8; 32], rustls::Error> {
        let mut random = [0; 32];
        self.random.fill(&mut random)?;
        Ok(random)
    }

    pub(super) fn group(&self, number: u16) -> Option<&'static dyn SupportedKxGroup> {
        let mut groups = self.groups.iter().copied();
        groups.find(|group| u16::from(group.name()) == number)
    }

    pub(super) fn suite(&self, number: u16) -> Option<(&'static Tls12CipherSuite, Method)> {
        let mut suites = self.suites.iter().copied();
        suites.find(|(suite, _)| u16::from(suite.common.suite) == number)
    }
}

impl fmt::Debug for ClientKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKit({:?})", self.name)
    }
}

impl fmt::Debug for ServerKit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerKit")
    }
}
