//! What the user wishes for TLS becomes the lowest layer of every connection to a peer.

use std::rc::Rc;

use rustls::pki_types::{CertificateDer, UnixTime};

use crate::cli::plan::{Plan, Role};
use crate::net::{Config, Doorman};
use crate::say::{Level, Say};
use crate::secure::{self, Wishes};
use crate::wire::tls::{Describe, Tls};
use crate::wire::{Clock, Layer, Stack};

use super::layer;

/// Makes the lowest layer of a connection.
type Maker = Box<dyn Fn() -> Box<dyn Layer>>;

/// The host in a temporary certificate when none was asked to be listened on.
const LOCAL: &str = "localhost";

/// How peers are talked to in secret.
pub(super) struct Secret {
    maker: Maker,
    doorman: Option<Doorman>,
}

impl Secret {
    /// What the plan wishes for, or a sentence; nothing if it wishes for nothing.
    pub(super) fn new(
        plan: &Plan,
        datagrams: bool,
        clock: &Clock,
        say: &Say,
    ) -> Result<Option<Self>, String> {
        let Some(wishes) = &plan.secure else {
            return Ok(None);
        };
        let describe = say.hears(Level::Verbose).then(|| describe(wishes));
        let secret = match &plan.role {
            Role::Listen(listen) => {
                let server = secure::server(wishes, listen.host.as_deref().unwrap_or(LOCAL))?;
                for line in &server.remarks {
                    say.say(Level::Verbose, line);
                }
                Self::server(server, datagrams, clock, describe)?
            }
            Role::Connect(_) | Role::Scan(_) => {
                Self::client(secure::client(wishes)?, datagrams, clock, describe)?
            }
        };
        Ok(Some(secret))
    }

    fn server(
        server: secure::Server,
        datagrams: bool,
        clock: &Clock,
        describe: Option<Describe>,
    ) -> Result<Self, String> {
        if datagrams {
            return datagrams::server(&server, clock, describe);
        }
        let maker = move || layer(Tls::server(server.config.clone(), describe.clone()));
        Ok(Self {
            maker: Box::new(maker),
            doorman: None,
        })
    }

    fn client(
        client: secure::Client,
        datagrams: bool,
        clock: &Clock,
        describe: Option<Describe>,
    ) -> Result<Self, String> {
        if datagrams {
            return datagrams::client(&client, clock, describe);
        }
        let maker = move || client_layer(&client, describe.clone());
        Ok(Self {
            maker: Box::new(maker),
            doorman: None,
        })
    }

    /// Puts the layer below those that others make.
    pub(super) fn seal(self, config: &mut Config) {
        let Self { maker, doorman } = self;
        let above = std::mem::replace(&mut config.peer_layers, Box::new(|_, _, _| ()));
        config.peer_layers = Box::new(move |config, whose, stack: &mut Stack| {
            stack.push(maker());
            above(config, whose, stack);
        });
        config.doorman = doorman;
    }
}

/// The end of a connection that begins.
pub(super) fn client_layer(client: &secure::Client, describe: Option<Describe>) -> Box<dyn Layer> {
    layer(Tls::client(
        client.config.clone(),
        client.name.clone(),
        describe,
    ))
}

fn describe(wishes: &Wishes) -> Describe {
    let wishes = wishes.clone();
    Rc::new(move |chain: &[CertificateDer<'_>]| secure::describe(chain, &wishes, UnixTime::now()))
}

#[cfg(feature = "dtls")]
mod datagrams {
    use super::{Clock, Describe, Secret, secure};
    use crate::net::Word;
    use crate::wire::dtls::{ClientKit, Door, Dtls, ServerKit, Verdict};

    pub(super) fn server(
        server: &secure::Server,
        clock: &Clock,
        describe: Option<Describe>,
    ) -> Result<Secret, String> {
        let mut kit = ServerKit::new(server)?;
        if let Some(describe) = describe {
            kit = kit.describing(describe);
        }
        let mut door = Door::new(&kit, clock.clone())?;
        let doorman = move |message: &[u8], peer: &[u8]| match door.look(message, peer) {
            Verdict::Answer(answer) => Word::Answer(answer),
            Verdict::Admit => Word::Admit,
            Verdict::Ignore => Word::Ignore,
        };
        let clock = clock.clone();
        Ok(Secret {
            maker: Box::new(move || Box::new(Dtls::server(&kit, clock.clone()))),
            doorman: Some(Box::new(doorman)),
        })
    }

    pub(super) fn client(
        client: &secure::Client,
        clock: &Clock,
        describe: Option<Describe>,
    ) -> Result<Secret, String> {
        let mut kit = ClientKit::new(client)?;
        if let Some(describe) = describe {
            kit = kit.describing(describe);
        }
        let clock = clock.clone();
        Ok(Secret {
            maker: Box::new(move || Box::new(Dtls::client(&kit, clock.clone()))),
            doorman: None,
        })
    }
}

#[cfg(not(feature = "dtls"))]
mod datagrams {
    use super::{Clock, Describe, Secret, secure};

    const NONE: &str = "this build knows no DTLS";

    pub(super) fn server(
        _: &secure::Server,
        _: &Clock,
        _: Option<Describe>,
    ) -> Result<Secret, String> {
        Err(NONE.into())
    }

    pub(super) fn client(
        _: &secure::Client,
        _: &Clock,
        _: Option<Describe>,
    ) -> Result<Secret, String> {
        Err(NONE.into())
    }
}
