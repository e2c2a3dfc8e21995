//! The gate: peers that the lists keep out.

use socket2::SockAddr;

use super::Shell;

impl Shell {
    /// Whether the lists keep the peer out; then says so.
    pub(super) fn bars(&self, peer: &SockAddr) -> bool {
        let ip = peer.as_socket().map(|socket| socket.ip());
        let barred = !self.config.access.admits(ip);
        if barred {
            self.say_denied(peer, "New connection denied: not allowed");
        }
        barred
    }

    /// The same for the sender of a message, who may send many: what is said of one is not said
    /// again until another has come. To remember more of them would let strangers fill our memory.
    pub(super) fn bars_sender(&mut self, peer: &SockAddr) -> bool {
        if self.sent_away.as_ref() == Some(peer) {
            return true;
        }
        let barred = self.bars(peer);
        if barred {
            self.sent_away = Some(peer.clone());
        }
        barred
    }
}
