//! The gate: whether a peer may come in, and what is said if it may not.

use socket2::SockAddr;

use super::Shell;
use crate::ids::ConnId;

impl Shell {
    /// Whether the peer of a stream may not come in; then says so.
    pub(super) fn refuses(&self, peer: &SockAddr) -> bool {
        let why = self.objection(peer);
        if let Some(why) = &why {
            self.say_denied(peer, &why.words());
        }
        why.is_some()
    }

    /// The same for the sender of a message, who may go on sending: what was said of one is not said
    /// again until another has come. To remember more of them would let strangers fill our memory.
    pub(super) fn refuses_sender(&mut self, peer: &SockAddr) -> bool {
        let Some(why) = self.objection(peer) else {
            self.sent_away = None;
            return false;
        };
        if self.sent_away.as_ref() != Some(peer) {
            self.say_denied(peer, &why.words());
            self.sent_away = Some(peer.clone());
        }
        true
    }

    /// Whether there is no place left for somebody who has none yet; says so.
    pub(super) fn is_full_for(&self, id: ConnId) -> bool {
        let limit = self.config.max_conns;
        let full = self.admitted >= limit;
        if full && let Some(conn) = self.conns.find(id) {
            let words = Objection::Full(limit).words();
            self.say_refusal(&conn.name, &words);
        }
        full
    }

    fn objection(&self, peer: &SockAddr) -> Option<Objection> {
        let limit = self.config.max_conns;
        if self.admitted >= limit {
            return Some(Objection::Full(limit));
        }
        let ip = peer.as_socket().map(|socket| socket.ip());
        (!self.config.access.admits(ip)).then_some(Objection::Barred)
    }
}

/// Why a peer may not come in.
enum Objection {
    /// As many as may be in are in.
    Full(usize),
    /// The lists keep it out.
    Barred,
}

impl Objection {
    fn words(&self) -> String {
        match self {
            Self::Full(limit) => {
                format!("connection limit reached ({limit})")
            }
            Self::Barred => "not allowed".into(),
        }
    }
}
