//! A proxy of our own: the uppermost layer of every peer that comes in, and what is done for it.

use std::cell::RefCell;
use std::mem;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use super::{chance, way};
use crate::cli::plan::{Family, Plan, ProxyKind, Role};
use crate::net::{Config, Service, Whose, resolve};
use crate::wire::proxy::auth::Warden;
use crate::wire::proxy::http::{Guard, HttpServer};
use crate::wire::proxy::socks::{Rules, Socks4Server, Socks5Server, datagram};
use crate::wire::{Layer, Stack};

/// Makes what a peer talks to.
type Maker = Box<dyn Fn() -> Box<dyn Layer>>;

/// Opens the proxy that the plan has, if it has one.
pub(super) fn open(plan: &mut Plan, config: &mut Config) -> Result<(), String> {
    let wait = plan.wait;
    let service = match &mut plan.role {
        Role::Listen(listen) => listen.proxy.as_mut(),
        Role::Connect(_) | Role::Scan(_) => None,
    };
    let Some(service) = service else {
        return Ok(());
    };
    let (family, numeric_only) = (service.family, service.numeric_only);
    config.handshake = service.patience;
    config.service = Some(Service {
        look_up: Arc::new(move |name| {
            let found = resolve::host(name, family, numeric_only)?;
            Ok(found.into_iter().map(|address| address.ip).collect())
        }),
        may_use: match family {
            Family::Any => |_| true,
            Family::V4 => |ip: IpAddr| ip.is_ipv4(),
            Family::V6 => |ip: IpAddr| ip.is_ipv6(),
        },
        destinations: mem::take(&mut service.destinations),
        wait,
        wrap: |peer, payload, into| {
            let _ = datagram::wrap(peer, payload, into); // addresses can always be carried
        },
        unwrap: datagram::unwrap,
    });
    let login = service.login.take().map(way::credentials);
    let maker: Maker = match service.kind {
        ProxyKind::Http => {
            let seed = chance()?;
            let warden = login.map(|login| Warden::new(login, seed, config.clock.clone()));
            let guard =
                warden.map(|warden| Rc::new(RefCell::new(warden)) as Rc<RefCell<dyn Guard>>);
            Box::new(move || Box::new(HttpServer::new(guard.clone())))
        }
        ProxyKind::Socks4 => {
            let rules = Rules { login };
            Box::new(move || Box::new(Socks4Server::new(rules.clone())))
        }
        ProxyKind::Socks5 => {
            let rules = Rules { login };
            Box::new(move || Box::new(Socks5Server::new(rules.clone())))
        }
    };
    config.peer_layers = Box::new(move |_, whose, stack: &mut Stack| {
        if whose == Whose::Guest {
            stack.push(maker());
        }
    });
    Ok(())
}
