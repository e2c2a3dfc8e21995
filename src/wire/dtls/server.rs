//! The server's side of a handshake. That the client can be reached at its address was found out
//! before, by a [`super::Door`].

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::{ActiveKeyExchange, SupportedKxGroup};
use rustls::pki_types::UnixTime;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::Signer;

use super::alert;
use super::bytes::{Reader, put_bytes, put_list, put_u16, same};
use super::chain;
use super::failure::Failure;
use super::hello::{ClientHello, Offers, ServerHello, speaks_12};
use super::kit::ServerKit;
use super::message::{self, Message};
use super::record::DTLS12;
use super::secret::{Agreed, Master, Side};
use super::talk::Talk;

/// A handshake as its server sees it.
pub(super) struct Server {
    kit: ServerKit,
    state: State,
}

/// The message that is to come.
enum State {
    Hello,
    Certificate(Agreed, Share),
    Share(Agreed, Share),
    /// The proof that the client has the key to its certificate.
    Proof(Master),
    Finished(Master),
    Over,
}

type Share = Box<dyn ActiveKeyExchange>;

impl Server {
    pub(super) fn new(kit: ServerKit) -> Self {
        Self {
            kit,
            state: State::Hello,
        }
    }

    /// Whether the client's hello is still to come.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.state, State::Hello)
    }

    /// The next message; true when the handshake is over.
    pub(super) fn take(&mut self, message: &Message, talk: &mut Talk) -> Result<bool, Failure> {
        let body = &message.body;
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = match (state, message.kind) {
            (State::Hello, message::CLIENT_HELLO) => {
                message.put(&mut talk.heard);
                self.state = self.answer(body, talk)?;
                return Ok(false);
            }
            (State::Certificate(agreed, share), message::CERTIFICATE) => {
                talk.chain = self.judge(body)?;
                State::Share(agreed, share)
            }
            (State::Share(agreed, share), message::CLIENT_KEY_EXCHANGE) => {
                message.put(&mut talk.heard);
                self.state = self.derive(agreed, share, body, talk)?;
                return Ok(false);
            }
            (State::Proof(master), message::CERTIFICATE_VERIFY) => {
                self.judge_proof(body, talk)?;
                State::Finished(master)
            }
            (State::Finished(master), message::FINISHED) => {
                if !same(body, &master.finished(Side::Client, &talk.heard)) {
                    let words = "The client heard another handshake than ours";
                    return Err(Failure::new(alert::DECRYPT_ERROR, words));
                }
                message.put(&mut talk.heard);
                talk.begin_flight();
                talk.change_cipher();
                let proof = master.finished(Side::Server, &talk.heard);
                talk.say(message::FINISHED, proof.to_vec());
                talk.send_flight(false)?;
                return Ok(true);
            }
            _ => {
                let words = "The client's handshake is out of order";
                return Err(Failure::new(alert::UNEXPECTED_MESSAGE, words));
            }
        };
        message.put(&mut talk.heard);
        Ok(false)
    }

    /// Our first flight: what we choose, who we are, and our share.
    fn answer(&self, body: &[u8], talk: &mut Talk) -> Result<State, Failure> {
        let hello = ClientHello::read(body).ok_or_else(Failure::garbled)?;
        if !speaks_12(hello.version) {
            let words = "The client does not speak DTLS 1.2";
            return Err(Failure::new(alert::PROTOCOL_VERSION, words));
        }
        let (agreed, signer, group) = self.choose(&hello)?;
        let server_hello = ServerHello {
            version: DTLS12,
            random: agreed.server,
            suite: agreed.suite.common.suite.into(),
            offers: Offers {
                alpn: self.choose_protocol(&hello)?,
                extended_master: agreed.extended,
                renegotiation: hello.offers.renegotiation,
                ..Offers::default()
            },
        };
        let share = group.start()?;
        talk.begin_flight();
        talk.say(message::SERVER_HELLO, server_hello.write());
        let certificates = chain::write(Some(&self.kit.certificate));
        talk.say(message::CERTIFICATE, certificates);
        let key_exchange = write_share(&agreed, &*share, &*signer)?;
        talk.say(message::SERVER_KEY_EXCHANGE, key_exchange);
        let asked = self.asking();
        if let Some(verifier) = asked {
            let schemes = verifier.supported_verify_schemes();
            talk.say(message::CERTIFICATE_REQUEST, write_request(&schemes));
        }
        talk.say(message::SERVER_HELLO_DONE, Vec::new());
        let asked = asked.is_some();
        talk.send_flight(true)?;
        Ok(if asked {
            State::Certificate(agreed, share)
        } else {
            State::Share(agreed, share)
        })
    }

    /// The first of the client's suites that we and our key can do, and the first of its groups.
    fn choose(&self, hello: &ClientHello) -> Result<Chosen, Failure> {
        let nothing = || {
            let words = "The peer and we have no cipher in common";
            Failure::new(alert::HANDSHAKE_FAILURE, words)
        };
        let offered = chain::schemes(&hello.offers.schemes);
        let key = &self.kit.certificate.key;
        let mut suites = hello.suites.iter().filter_map(|&number| {
            let (suite, method) = self.kit.common.suite(number)?;
            let signer = key.choose_scheme(&suite.resolve_sig_schemes(&offered))?;
            Some((suite, method, signer))
        });
        let mut groups = hello.offers.groups.iter();
        let group = groups.find_map(|&number| self.kit.common.group(number));
        let (suite, method, signer) = suites.next().ok_or_else(nothing)?;
        let group = group.filter(|_| hello.compressions.contains(&0));
        let agreed = Agreed {
            suite,
            method,
            client: hello.random,
            server: self.kit.common.random()?,
            extended: hello.offers.extended_master,
        };
        Ok((agreed, signer, group.ok_or_else(nothing)?))
    }

    /// The best of our protocols that the client offers; an error if it offers others only.
    fn choose_protocol(&self, hello: &ClientHello) -> Result<Vec<Vec<u8>>, Failure> {
        let (ours, theirs) = (&self.kit.common.alpn, &hello.offers.alpn);
        if ours.is_empty() || theirs.is_empty() {
            return Ok(Vec::new());
        }
        match ours.iter().find(|protocol| theirs.contains(protocol)) {
            Some(protocol) => Ok(vec![protocol.clone()]),
            None => Err(rustls::Error::NoApplicationProtocol.into()),
        }
    }

    /// Who asks the client for a certificate.
    fn asking(&self) -> Option<&Arc<dyn ClientCertVerifier>> {
        let verifier = self.kit.verifier.as_ref();
        verifier.filter(|verifier| verifier.offer_client_auth())
    }

    /// Whether this is a client that is wanted. It may have no certificate if none is demanded.
    fn judge(&self, body: &[u8]) -> Result<chain::Chain, Failure> {
        let chain = chain::read(body).ok_or_else(Failure::garbled)?;
        let verifier = self.asking().ok_or_else(Failure::internal)?;
        match chain.split_first() {
            Some((client, others)) => {
                verifier.verify_client_cert(client, others, UnixTime::now())?;
            }
            None if verifier.client_auth_mandatory() => {
                let words = "The client has shown no certificate";
                return Err(Failure::new(alert::HANDSHAKE_FAILURE, words));
            }
            None => {}
        }
        Ok(chain)
    }

    fn derive(
        &self,
        agreed: Agreed,
        share: Share,
        body: &[u8],
        talk: &mut Talk,
    ) -> Result<State, Failure> {
        let mut reader = Reader(body);
        let theirs = reader.list::<1>().ok_or_else(Failure::garbled)?;
        reader.end().ok_or_else(Failure::garbled)?;
        let suite = agreed.suite;
        let log = &*self.kit.common.log;
        let master = agreed.master(share, theirs, &talk.heard, log)?;
        let (theirs, ours) = master.keys().ok_or_else(Failure::internal)?;
        talk.set_keys(theirs, ours, suite);
        Ok(if talk.chain.is_empty() {
            State::Finished(master)
        } else {
            State::Proof(master)
        })
    }

    fn judge_proof(&self, body: &[u8], talk: &Talk) -> Result<(), Failure> {
        let verifier = self.asking().ok_or_else(Failure::internal)?;
        let client = talk.chain.first().ok_or_else(Failure::internal)?;
        chain::verify(body, &verifier.supported_verify_schemes(), |signature| {
            verifier.verify_tls12_signature(&talk.heard, client, signature)
        })
    }
}

/// What the hellos settle, what signs our share, and the group it is from.
type Chosen = (Agreed, Box<dyn Signer>, &'static dyn SupportedKxGroup);

fn write_share(
    agreed: &Agreed,
    share: &dyn ActiveKeyExchange,
    signer: &dyn Signer,
) -> Result<Vec<u8>, rustls::Error> {
    const NAMED: u8 = 3;
    let mut out = vec![NAMED];
    put_u16(&mut out, share.group().into());
    put_bytes::<1>(&mut out, share.pub_key());
    let signed = agreed.signed(&out);
    chain::sign(&mut out, signer, &signed)?;
    Ok(out)
}

/// Any certificate will be judged, so none is named as trusted.
fn write_request(schemes: &[SignatureScheme]) -> Vec<u8> {
    const RSA_AND_ECDSA: [u8; 2] = [1, 64];
    let mut out = Vec::new();
    put_bytes::<1>(&mut out, &RSA_AND_ECDSA);
    put_list::<2>(&mut out, |out| {
        for &scheme in schemes {
            put_u16(out, scheme.into());
        }
    });
    put_u16(&mut out, 0);
    out
}
