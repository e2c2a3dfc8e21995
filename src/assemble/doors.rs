//! The places where we wait for peers, opened.

use std::io;

use socket2::SockAddr;

use super::{Quitting, inet, refuse, refuse_place, unix};
use crate::cli::plan::At;
use crate::net::given::Given;
use crate::net::sockopt::Carriage;
use crate::net::{Shell, address, dial, hint};
use crate::say::Say;

/// Opens all of them, or says of the first that cannot be had why; `given` are the sockets that somebody
/// else has opened.
pub(super) fn open(
    at: &At,
    given: Option<Given>,
    shell: &mut Shell,
    say: &Say,
) -> Result<(), Quitting> {
    let carriage = super::listening(at);
    match at {
        At::Inet { hosts, ports, .. } => {
            for port in ports.iter().flat_map(|range| range.first..=range.last) {
                for host in hosts {
                    let places: Vec<_> = host.iter().map(|a| inet(*a, port)).collect();
                    open_any(&places, carriage, shell, say)?;
                }
            }
            Ok(())
        }
        At::Vsock { at, .. } => open_any(&[super::vsock(*at)], carriage, shell, say),
        At::Unix { name, .. } => {
            let place = unix(name).map_err(|error| refuse("Unusable address", &error))?;
            open_any(&[place], carriage, shell, say)
        }
        At::Given(_) => given.map_or(Ok(()), |given| {
            let adopted = shell.adopt(given, carriage);
            adopted.map_err(|error| refuse("Could not listen on the sockets given", &error))
        }),
    }
}

/// How many sockets will wait for peers.
pub(super) fn count(at: &At, given: Option<&Given>) -> usize {
    match at {
        At::Inet { hosts, ports, .. } => {
            let addresses: usize = hosts.iter().map(Vec::len).sum();
            addresses * ports.iter().map(|range| range.len()).sum::<usize>()
        }
        At::Unix { .. } | At::Vsock { .. } => 1,
        At::Given(_) => given.map_or(0, |given| given.sockets.len()),
    }
}

/// The places of one host: a name may have addresses that are not ours, or are others' by now. What
/// cannot be had is told, unless nothing can.
fn open_any(
    places: &[SockAddr],
    carriage: Carriage,
    shell: &mut Shell,
    say: &Say,
) -> Result<(), Quitting> {
    let mut missed: Vec<(&SockAddr, io::Error)> = Vec::new();
    for place in places {
        if let Err(error) = shell.listen(place, carriage) {
            missed.push((place, error));
        }
    }
    if let Some((place, error)) = missed.first()
        && missed.len() == places.len()
    {
        let what = format!("bind to {}", address::full(place));
        return Err(Quitting {
            hint: hint::bind(place, error),
            ..refuse_place(&what, error)
        });
    }
    for (place, error) in missed {
        let (place, why) = (address::full(place), dial::words(&error));
        say.warn(&format!(
            "Warning: {place} is one address of that name and cannot be listened on: {why}."
        ));
    }
    Ok(())
}
