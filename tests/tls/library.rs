//! A peer that is the bare library in the test's own hands: for what no other program does at the right
//! moment, such as ending one direction only, or being quick.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme};

use crate::common::deadline::USUAL;
use crate::common::{Place, Told, told};

/// Takes anybody for whom they say they are.
#[derive(Debug)]
struct Trusting;

impl ServerCertVerifier for Trusting {
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
        let algorithms = default_provider().signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// What every caller is made with.
pub(crate) fn config() -> Told<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|e| format!("no versions: {e}"))?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Trusting));
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// A client that has shaken hands. Its calls block, for no longer than is usual.
#[derive(Debug)]
pub(crate) struct Caller {
    tls: ClientConnection,
    socket: TcpStream,
}

impl Caller {
    pub(crate) fn connect(place: &Place, config: &Arc<ClientConfig>) -> Told<Self> {
        let Place::Tcp(at) = place else {
            return Err("TLS is for TCP".into());
        };
        let name = ServerName::try_from("localhost").map_err(|e| e.to_string())?;
        let tls = ClientConnection::new(config.clone(), name);
        let mut tls = tls.map_err(|e| e.to_string())?;
        tls.set_buffer_limit(None);
        let mut caller = Self {
            tls,
            socket: told(connect(*at))?,
        };
        while caller.tls.is_handshaking() {
            let done = caller.tls.complete_io(&mut caller.socket);
            done.map_err(|e| format!("no handshake: {e}"))?;
        }
        Ok(caller)
    }

    pub(crate) fn say(&mut self, words: &[u8]) -> Told {
        told(self.tls.writer().write_all(words))?;
        while self.tls.wants_write() {
            told(self.tls.write_tls(&mut self.socket))?;
        }
        Ok(())
    }

    /// Says that there is nothing more to come, and goes on listening.
    pub(crate) fn finish(&mut self) -> Told {
        self.tls.send_close_notify();
        self.say(b"")?;
        told(self.socket.shutdown(Shutdown::Write))
    }

    /// Says what nobody can decrypt.
    pub(crate) fn spoil(&mut self) -> Told {
        told(
            self.socket
                .write_all(&[&[23, 3, 3, 0, 32][..], &[0; 32]].concat()),
        )
    }

    /// Waits for so many bytes.
    pub(crate) fn hear(&mut self, count: usize) -> Told<Vec<u8>> {
        let mut heard = vec![0; count];
        let mut stream = rustls::Stream::new(&mut self.tls, &mut self.socket);
        let done = stream.read_exact(&mut heard);
        done.map_err(|e| format!("{count} bytes were to come: {e}"))?;
        Ok(heard)
    }

    /// Waits for the end; an end that was not said is an error.
    pub(crate) fn hear_all(&mut self) -> Told<Vec<u8>> {
        let mut heard = Vec::new();
        let mut stream = rustls::Stream::new(&mut self.tls, &mut self.socket);
        let done = stream.read_to_end(&mut heard);
        done.map_err(|e| format!("no end behind {} bytes: {e}", heard.len()))?;
        Ok(heard)
    }
}

fn connect(at: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpStream::connect_timeout(&at, USUAL)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(USUAL))?;
    socket.set_write_timeout(Some(USUAL))?;
    Ok(socket)
}
