//! The voice of a chat: the codec of `wire` as the hub of `route` wants it.

use crate::data::Buf;
use crate::net::Config;
use crate::route::Voice;
use crate::wire::Chat;

/// What changes the words of members of a mesh, if anything does.
pub(super) fn voice(config: &Config) -> Option<Box<dyn Voice>> {
    let chat = || Chat::new(config.crlf, config.limits.messages);
    config
        .chat
        .then(|| Box::new(Speech(chat())) as Box<dyn Voice>)
}

struct Speech(Chat);

impl Voice for Speech {
    fn relay(&mut self, speaker: u32, said: &[u8], out: &mut Buf) -> usize {
        self.0.relay(speaker, said, out)
    }

    fn end(&mut self, speaker: u32, out: &mut Buf) {
        self.0.end(speaker, out);
    }

    fn announce(&mut self, words: &str, out: &mut Buf) {
        self.0.announce(words, out);
    }
}
