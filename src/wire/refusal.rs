//! What stands in the place of a layer that could not be made.

use super::{Fault, Layer, Phase};
use crate::data::Buf;

/// Lets nothing pass, and says why.
#[derive(Debug)]
pub struct Refusal(pub Fault);

impl Layer for Refusal {
    fn phase(&self) -> Phase {
        Phase::Handshake
    }

    fn recv(&mut self, _: &mut [u8], _: &mut Buf, _: &mut Buf) -> Result<usize, Fault> {
        Err(self.0.clone())
    }

    fn send(&mut self, _: &[u8], _: &mut Buf) -> Result<usize, Fault> {
        Err(self.0.clone())
    }
}
