//! A proxy of our own: who may use it, and where its users may go.

use super::place::Place;
use super::plan::Service;
use super::way::given_login;
use super::{UsageError, ssl};
use crate::access::Destinations;

impl Place<'_> {
    /// The proxy that peers are to find, if they are to find one. Its rules may be wrong, and name hosts.
    pub(super) fn service(&mut self) -> Result<Option<Box<Service>>, UsageError> {
        let options = self.options;
        let Some(kind) = options.proxy.kind else {
            return Ok(None);
        };
        let login = given_login(options, self.world)?;
        let words = &options.proxy;
        let destinations = Destinations::read(&words.allow, &words.deny, &mut self.asked());
        let destinations =
            destinations.map_err(|mistake| UsageError::quitting_after(&mistake.sentences()))?;
        Ok(Some(Box::new(Service {
            kind,
            login,
            destinations,
            family: self.family(),
            numeric_only: options.numeric_only,
            patience: options.handshake.unwrap_or(ssl::PATIENCE),
        })))
    }
}
