//! The client's side of a handshake.

use rustls::SignatureScheme;
use rustls::pki_types::{ServerName, UnixTime};

use super::alert;
use super::bytes::{Reader, put_bytes, same};
use super::chain::{self, Chain};
use super::failure::Failure;
use super::hello::{ClientHello, Offers, ServerHello, read_verify};
use super::kit::ClientKit;
use super::message::{self, Message};
use super::record::DTLS12;
use super::secret::{Agreed, Master, Side};
use super::talk::Talk;

/// How many different cookies a server may ask for: one, another if its secret changed meanwhile,
/// and no game.
const COOKIES: u8 = 4;

/// A handshake as its client sees it.
pub(super) struct Client {
    kit: ClientKit,
    hello: ClientHello,
    cookies: u8,
    state: State,
}

/// The message that is to come.
enum State {
    Hello,
    Certificate(Agreed),
    Share(Agreed, Chain),
    /// The end of the server's flight, before which it may ask for a certificate.
    Done {
        agreed: Agreed,
        /// Its group and its share.
        share: (u16, Vec<u8>),
        /// The schemes that a certificate of ours would have to do with.
        asked: Option<Vec<SignatureScheme>>,
    },
    Finished(Master),
    Over,
}

impl Client {
    pub(super) fn new(kit: &ClientKit) -> Self {
        let schemes = kit.verifier.supported_verify_schemes();
        let hello = ClientHello {
            version: DTLS12,
            random: [0; 32],
            session: Vec::new(),
            cookie: Vec::new(),
            suites: kit
                .common
                .suites
                .iter()
                .map(|(suite, _)| suite.common.suite.into())
                .collect(),
            compressions: vec![0],
            name: match &kit.name {
                ServerName::DnsName(name) => Some(name.as_ref().to_owned()),
                _ => None,
            },
            offers: Offers {
                groups: kit
                    .common
                    .groups
                    .iter()
                    .map(|group| group.name().into())
                    .collect(),
                schemes: schemes.into_iter().map(u16::from).collect(),
                alpn: kit.common.alpn.to_vec(),
                extended_master: true,
                renegotiation: true,
            },
        };
        Self {
            kit: kit.clone(),
            hello,
            cookies: 0,
            state: State::Hello,
        }
    }

    /// Says the first hello.
    pub(super) fn start(&mut self, talk: &mut Talk) -> Result<(), Failure> {
        self.hello.random = self.kit.common.random()?;
        self.say_hello(talk)
    }

    /// What was said before is no part of the conversation that both sides prove.
    fn say_hello(&mut self, talk: &mut Talk) -> Result<(), Failure> {
        talk.heard.clear();
        talk.begin_flight();
        talk.say(message::CLIENT_HELLO, self.hello.write());
        talk.send_flight(true)
    }

    /// Whether the server's first message is still to come, whose place nobody knows before.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.state, State::Hello)
    }

    /// The server wants a cookie back. Copies of a request that was answered are passed over.
    pub(super) fn show_cookie(&mut self, body: &[u8], talk: &mut Talk) -> Result<(), Failure> {
        let Some(cookie) = read_verify(body) else {
            return Ok(()); // it is not sealed, so it may be anybody's
        };
        if !self.is_new() || cookie == self.hello.cookie || self.cookies == COOKIES {
            return Ok(());
        }
        self.cookies += 1;
        self.hello.cookie = cookie.to_vec();
        self.say_hello(talk)
    }

    /// The next message; true when the handshake is over.
    pub(super) fn take(&mut self, message: &Message, talk: &mut Talk) -> Result<bool, Failure> {
        let body = &message.body;
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = match (state, message.kind) {
            (State::Hello, message::SERVER_HELLO) => State::Certificate(self.agree(body)?),
            (State::Certificate(agreed), message::CERTIFICATE) => {
                let chain = chain::read(body).ok_or_else(Failure::garbled)?;
                State::Share(agreed, chain)
            }
            (State::Share(agreed, chain), message::SERVER_KEY_EXCHANGE) => {
                let share = self.judge(&agreed, &chain, body)?;
                talk.chain = chain;
                State::Done {
                    agreed,
                    share,
                    asked: None,
                }
            }
            (State::Done { agreed, share, .. }, message::CERTIFICATE_REQUEST) => State::Done {
                agreed,
                share,
                asked: Some(read_request(body).ok_or_else(Failure::garbled)?),
            },
            (
                State::Done {
                    agreed,
                    share,
                    asked,
                },
                message::SERVER_HELLO_DONE,
            ) if body.is_empty() => {
                message.put(&mut talk.heard);
                return self.answer(agreed, &share, asked, talk).map(|()| false);
            }
            (State::Finished(master), message::FINISHED) => {
                if !same(body, &master.finished(Side::Server, &talk.heard)) {
                    let words = "The server heard another handshake than ours";
                    return Err(Failure::new(alert::DECRYPT_ERROR, words));
                }
                talk.forget_flight();
                return Ok(true);
            }
            _ => {
                let words = "The server's handshake is out of order";
                return Err(Failure::new(alert::UNEXPECTED_MESSAGE, words));
            }
        };
        message.put(&mut talk.heard);
        Ok(false)
    }

    fn agree(&self, body: &[u8]) -> Result<Agreed, Failure> {
        let hello = ServerHello::read(body).ok_or_else(Failure::garbled)?;
        if hello.version != DTLS12 {
            let words = "The server does not speak DTLS 1.2";
            return Err(Failure::new(alert::PROTOCOL_VERSION, words));
        }
        let ours = |chosen| self.kit.common.alpn.contains(chosen);
        if hello.offers.alpn.len() > 1 || !hello.offers.alpn.iter().all(ours) {
            let words = "The server chose a protocol that was not offered";
            return Err(Failure::new(alert::ILLEGAL_PARAMETER, words));
        }
        let Some((suite, method)) = self.kit.common.suite(hello.suite) else {
            let words = "The server chose a cipher suite that was not offered";
            return Err(Failure::new(alert::ILLEGAL_PARAMETER, words));
        };
        Ok(Agreed {
            suite,
            method,
            client: self.hello.random,
            server: hello.random,
            extended: hello.offers.extended_master,
        })
    }

    /// Whether this is the server we look for, and whether the share is its own.
    fn judge(
        &self,
        agreed: &Agreed,
        chain: &Chain,
        body: &[u8],
    ) -> Result<(u16, Vec<u8>), Failure> {
        let (group, share, signed) = read_share(body).ok_or_else(Failure::garbled)?;
        let (server, others) = chain.split_first().ok_or_else(|| {
            Failure::new(
                alert::HANDSHAKE_FAILURE,
                "The server has shown no certificate",
            )
        })?;
        let verifier = &self.kit.verifier;
        verifier.verify_server_cert(server, others, &self.kit.name, &[], UnixTime::now())?;
        let (params, signature) = body.split_at(signed);
        let message = agreed.signed(params);
        let asked = chain::schemes(&self.hello.offers.schemes);
        let asked = agreed.suite.resolve_sig_schemes(&asked);
        chain::verify(signature, &asked, |signature| {
            verifier.verify_tls12_signature(&message, server, signature)
        })?;
        Ok((group, share.to_vec()))
    }

    /// Our second flight: the last that we say.
    fn answer(
        &mut self,
        agreed: Agreed,
        (group, theirs): &(u16, Vec<u8>),
        asked: Option<Vec<SignatureScheme>>,
        talk: &mut Talk,
    ) -> Result<(), Failure> {
        talk.begin_flight();
        let mut signer = None;
        if let Some(schemes) = asked {
            let certified = self.kit.certificate.resolve(&[], &schemes);
            let certified = certified.and_then(|certified| {
                signer = certified.key.choose_scheme(&schemes);
                signer.is_some().then_some(certified)
            });
            talk.say(message::CERTIFICATE, chain::write(certified.as_deref()));
        }
        let Some(group) = self.kit.common.group(*group) else {
            let words = "The server chose a group that was not offered";
            return Err(Failure::new(alert::ILLEGAL_PARAMETER, words));
        };
        let ours = group.start()?;
        let mut share = Vec::new();
        put_bytes::<1>(&mut share, ours.pub_key());
        talk.say(message::CLIENT_KEY_EXCHANGE, share);
        let suite = agreed.suite;
        let log = &*self.kit.common.log;
        let master = agreed.master(ours, theirs, &talk.heard, log)?;
        if let Some(signer) = signer {
            let mut proof = Vec::new();
            chain::sign(&mut proof, &*signer, &talk.heard)?;
            talk.say(message::CERTIFICATE_VERIFY, proof);
        }
        let (ours, theirs) = master.keys().ok_or_else(Failure::internal)?;
        talk.set_keys(theirs, ours, suite);
        talk.change_cipher();
        let proof = master.finished(Side::Client, &talk.heard);
        talk.say(message::FINISHED, proof.to_vec());
        self.state = State::Finished(master);
        talk.send_flight(true)
    }
}

/// Group, share, and how much of the message is signed; the rest of it is the signature.
fn read_share(body: &[u8]) -> Option<(u16, &[u8], usize)> {
    const NAMED: u8 = 3;
    let mut reader = Reader(body);
    let kind = reader.u8()?;
    let (group, share) = (reader.u16()?, reader.list::<1>()?);
    (kind == NAMED).then_some((group, share, body.len() - reader.0.len()))
}

/// The schemes in a request for a certificate.
fn read_request(body: &[u8]) -> Option<Vec<SignatureScheme>> {
    let mut reader = Reader(body);
    reader.list::<1>()?; // kinds of certificates, which the schemes imply
    let schemes = reader.numbers()?;
    reader.list::<2>()?; // whom the server trusts; who has one certificate shows that
    reader.end()?;
    Some(chain::schemes(&schemes))
}
