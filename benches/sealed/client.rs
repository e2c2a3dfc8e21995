//! Who comes to a server: rustls on blocking sockets, trusting everybody.

use std::{
    io::{self, ErrorKind, Read},
    net::{Ipv4Addr, Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

use rustls::{
    CipherSuite, ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    SupportedCipherSuite,
    client::{
        Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// No server needs as long, be it busy.
const PATIENCE: Duration = Duration::from_secs(20);

/// Takes whatever is shown, and spends no time on it: what is measured is the server.
#[derive(Debug)]
struct Anybody(Vec<SignatureScheme>);

/// The library, with the suites in the order of the contestant that is ours: what differs between it
/// and the bare loop is not to be the cipher.
pub(crate) fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    let first =
        |suite: &SupportedCipherSuite| suite.suite() != CipherSuite::TLS13_AES_128_GCM_SHA256;
    provider.cipher_suites.sort_by_key(first);
    provider
}

/// How all clients begin: with a handshake in full, and no check.
pub(crate) fn config() -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(provider());
    let schemes = provider
        .signature_verification_algorithms
        .supported_schemes();
    let builder = ClientConfig::builder_with_provider(provider);
    let mut config = builder
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(schemes)))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Whom all of them ask for.
pub(crate) fn name() -> ServerName<'static> {
    Ipv4Addr::LOCALHOST.into()
}

/// A connection that has said nothing yet.
pub(crate) fn connect(port: u16) -> io::Result<TcpStream> {
    let wire = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    wire.set_nodelay(true)?;
    wire.set_read_timeout(Some(PATIENCE))?;
    Ok(wire)
}

/// Returns when both hands have been shaken.
pub(crate) fn shake_hands(
    config: &Arc<ClientConfig>,
    wire: &mut TcpStream,
) -> io::Result<ClientConnection> {
    let mut session = ClientConnection::new(config.clone(), name()).map_err(io::Error::other)?;
    while session.is_handshaking() {
        session.complete_io(wire)?;
    }
    while session.wants_write() {
        session.write_tls(wire)?;
    }
    Ok(session)
}

/// Says goodbye and waits until the server has gone as well.
pub(crate) fn leave(mut session: ClientConnection, mut wire: TcpStream) -> io::Result<()> {
    session.send_close_notify();
    while session.wants_write() {
        session.write_tls(&mut wire)?;
    }
    wire.shutdown(Shutdown::Write)?;
    let mut rest = [0; 4096];
    loop {
        match wire.read(&mut rest) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
