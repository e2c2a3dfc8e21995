//! What both sides know in the end, and the keys that are made of it (RFC 5246, RFC 7627).

use rustls::crypto::ActiveKeyExchange;
use rustls::{KeyLog, Tls12CipherSuite};

use super::cipher::{Key, Method};

/// What the hellos settled.
#[derive(Clone)]
pub(super) struct Agreed {
    pub(super) suite: &'static Tls12CipherSuite,
    pub(super) method: Method,
    pub(super) client: [u8; 32],
    pub(super) server: [u8; 32],
    /// The secret is to depend on the whole conversation.
    pub(super) extended: bool,
}

/// The secret of a session.
pub(super) struct Master {
    agreed: Agreed,
    secret: [u8; 48],
}

impl Drop for Master {
    fn drop(&mut self) {
        self.secret = std::hint::black_box([0; 48]);
    }
}

/// Whose words they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Agreed {
    /// What a server signs with its share: it and both randoms.
    pub(super) fn signed(&self, share: &[u8]) -> Vec<u8> {
        [&self.client, &self.server, share].concat()
    }

    /// The secret, once both shares are known. `heard` is the conversation up to the client's share.
    pub(super) fn master(
        self,
        ours: Box<dyn ActiveKeyExchange>,
        theirs: &[u8],
        heard: &[u8],
        log: &dyn KeyLog,
    ) -> Result<Master, rustls::Error> {
        let mut secret = [0; 48];
        let prf = self.suite.prf_provider;
        if self.extended {
            let hash = self.suite.common.hash_provider.hash(heard);
            let label = b"extended master secret";
            prf.for_key_exchange(&mut secret, ours, theirs, label, hash.as_ref())?;
        } else {
            let seed = [self.client, self.server].concat();
            prf.for_key_exchange(&mut secret, ours, theirs, b"master secret", &seed)?;
        }
        if log.will_log("CLIENT_RANDOM") {
            log.log("CLIENT_RANDOM", &self.client, &secret);
        }
        Ok(Master {
            agreed: self,
            secret,
        })
    }
}

impl Master {
    /// What proves that a side heard the conversation as we did.
    pub(super) fn finished(&self, side: Side, heard: &[u8]) -> [u8; 12] {
        let label: &[u8] = match side {
            Side::Client => b"client finished",
            Side::Server => b"server finished",
        };
        let suite = self.agreed.suite;
        let hash = suite.common.hash_provider.hash(heard);
        let mut proof = [0; 12];
        let prf = suite.prf_provider;
        prf.for_secret(&mut proof, &self.secret, label, hash.as_ref());
        proof
    }

    /// The keys of the client's records, and of the server's.
    pub(super) fn keys(&self) -> Option<(Key, Key)> {
        let Agreed {
            suite,
            method,
            client,
            server,
            ..
        } = self.agreed;
        let (key, nonce) = method.lengths();
        let mut block = vec![0; 2 * (key + nonce)];
        let seed = [server, client].concat();
        let prf = suite.prf_provider;
        prf.for_secret(&mut block, &self.secret, b"key expansion", &seed);
        let (keys, nonces) = block.split_at(2 * key);
        let client = method.key(&keys[..key], &nonces[..nonce])?;
        let server = method.key(&keys[key..], &nonces[nonce..])?;
        Some((client, server))
    }
}
