//! Options for those who are started and watched by a supervisor, such as systemd or s6.
//!
//! Promise: what a supervisor has left to us is asked for before anything else is opened, for it is known
//! by numbers that would be given to others.

use std::ffi::OsString;

use super::opts::{Domain, Options};
use super::plan::Given;
use super::{UsageError, World};

/// The first descriptor that may be left to us beside the three that everybody has.
pub const FIRST: i32 = 3;

/// The options that are about supervisors.
#[derive(Clone, Copy, Debug, Default)]
#[allow(missing_docs, reason = "every field is named like its option")]
pub struct Activation {
    pub listen_fds: bool,
    pub ready_fd: Option<i32>,
}

/// The number of a descriptor, or a sentence.
pub(super) fn descriptor(word: &str) -> Result<i32, String> {
    let number = word.parse().ok().filter(|number| *number >= FIRST);
    number.ok_or_else(|| {
        format!(
            "Invalid descriptor \"{word}\": --ready-fd takes the number of one, from {FIRST} on."
        )
    })
}

/// Takes over what the options speak of; what kind of sockets we are given, if we are to be given some.
pub(super) fn take_over(
    options: &Options,
    operands: &[OsString],
    world: &mut dyn World,
) -> Result<Option<Given>, UsageError> {
    let Activation {
        listen_fds,
        ready_fd,
    } = options.activation;
    let given = match listen_fds {
        true => Some(given(options, operands, world).map_err(UsageError::quitting)?),
        false => None,
    };
    if let Some(number) = ready_fd {
        if options.zero_io {
            let sentence = "--ready-fd tells of listening or of one connection; -z does neither.";
            return Err(UsageError::quitting(sentence));
        }
        world.ready_fd(number).map_err(UsageError::quitting)?;
    }
    Ok(given)
}

fn given(options: &Options, operands: &[OsString], world: &mut dyn World) -> Result<Given, String> {
    if !options.listens() {
        return Err("--listen-fds is for --listen, --broker and --chat.".into());
    }
    let chosen = options.domain != Domain::Any || options.source_port.is_some();
    if chosen || !operands.is_empty() {
        return Err(
            "--listen-fds takes sockets as they are: no address, port or family beside it.".into(),
        );
    }
    let given = world.given()?;
    match (given, options.datagram) {
        (Given::Datagrams, false) => {
            Err("The sockets that we are given take datagrams: --listen-fds needs --udp.".into())
        }
        (Given::Listeners { .. } | Given::Connection { .. }, true) => {
            Err("The sockets that we are given are streams, and --udp is for datagrams.".into())
        }
        (Given::Connection { .. }, false) if options.keep_open || options.is_mesh() => Err(
            "The socket that we are given is one connection: --keep-open, --broker and --chat \
             need one that listens."
                .into(),
        ),
        (Given::Listeners { sctp } | Given::Connection { sctp }, false) if sctp != options.sctp => {
            Err(match sctp {
                true => "The sockets that we are given carry SCTP: --listen-fds needs --sctp.",
                false => "The sockets that we are given do not carry SCTP, which --sctp is for.",
            }
            .into())
        }
        _ => Ok(given),
    }
}
