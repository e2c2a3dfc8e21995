//! Proxies in between become the lowest layers of every connection to the peers of the command line.

use std::cell::RefCell;
use std::rc::Rc;

use super::{chance, layer};
use crate::cli::plan::{self, Far, Hop, Plan, ProxyKind, Role, Tongue, Way};
use crate::net::{Asker, Config, Whose};
use crate::wire::proxy::auth::Login;
use crate::wire::proxy::socks::{Datagrams, Errand, Socks4, Socks5};
use crate::wire::proxy::{Connect, Credentials, Noise};
use crate::wire::{Endpoint, Host, Layer, Stack};

/// Makes what is said to one proxy to be brought to somebody.
type Maker = Box<dyn Fn(Endpoint) -> Box<dyn Layer>>;

/// Makes what is spoken around all that is said to one proxy.
type Cover = Box<dyn Fn() -> Box<dyn Layer>>;

/// One proxy on the way.
struct Stage {
    /// What is spoken around all that is said to it, if it speaks TLS.
    cover: Option<Cover>,
    maker: Maker,
    /// Where it is, as the proxy before it is told.
    place: Endpoint,
}

/// The way of a run.
struct Road {
    stages: Vec<Stage>,
    host: Host,
    ports: Vec<u16>,
    /// The last proxy passes datagrams on.
    datagrams: bool,
}

/// Lays the way that the plan has, if it has one.
pub(super) fn lay(plan: &Plan, config: &mut Config) -> Result<(), String> {
    let Some(way) = plan.role.way() else {
        return Ok(());
    };
    let ports = match &plan.role {
        Role::Scan(scan) => &scan.ports[..],
        Role::Connect(connect) => &connect.ports,
        Role::Listen(_) => &[],
    };
    let ports = ports.iter().flat_map(|range| range.first..=range.last);
    let ports = ports.collect();
    let datagrams = super::is_datagram(&plan.role);
    let asks = matches!(plan.tongue, Tongue::Nc { .. });
    let stages = way.hops.iter().map(|hop| {
        let secret = (asks && asks_for_password(hop)).then_some(&mut config.asker);
        stage(hop, way, datagrams, secret)
    });
    let stages = stages.collect::<Result<_, String>>()?;
    let road = Rc::new(Road {
        stages,
        host: host(&way.host),
        ports,
        datagrams,
    });
    let named = Rc::clone(&road);
    config.name_of = Some(Box::new(move |n| named.end(n).to_string()));
    let above = std::mem::replace(&mut config.peer_layers, Box::new(|_, _, _| ()));
    config.peer_layers = Box::new(move |config, whose, stack: &mut Stack| {
        match whose {
            Whose::Line(n) => road.walk(n, stack),
            Whose::Relayed(n) => stack.push(layer(Datagrams::new(&road.end(n)))),
            Whose::Guest => {}
        }
        // What is said to the target is said in datagrams, for which this connection merely has to last.
        if !(road.datagrams && matches!(whose, Whose::Line(_))) {
            above(config, whose, stack);
        }
    });
    Ok(())
}

impl Road {
    /// Where the `n`th peer is.
    fn end(&self, n: usize) -> Endpoint {
        Endpoint {
            host: self.host.clone(),
            port: self.ports.get(n).copied().unwrap_or_default(),
        }
    }

    /// What is said to all proxies on the way to the `n`th peer.
    fn walk(&self, n: usize, stack: &mut Stack) {
        let next = self.stages.iter().skip(1).map(|stage| stage.place.clone());
        let places = next.chain([self.end(n)]);
        for (stage, place) in self.stages.iter().zip(places) {
            if let Some(cover) = &stage.cover {
                stack.push(cover());
            }
            stack.push((stage.maker)(place));
        }
    }
}

/// Whether there is a name for a proxy that may want a password, and no password.
fn asks_for_password(hop: &Hop) -> bool {
    let login = hop.login.as_ref();
    hop.kind == ProxyKind::Http && login.is_some_and(|login| login.password.is_none())
}

fn stage(
    hop: &Hop,
    way: &Way,
    datagrams: bool,
    asker: Option<&mut Option<Asker>>,
) -> Result<Stage, String> {
    let place = Endpoint {
        host: host(&hop.host),
        port: hop.port,
    };
    Ok(Stage {
        cover: cover(hop, way)?,
        maker: maker(hop, datagrams, asker)?,
        place,
    })
}

fn maker(hop: &Hop, datagrams: bool, asker: Option<&mut Option<Asker>>) -> Result<Maker, String> {
    let login = hop.login.clone();
    Ok(match hop.kind {
        ProxyKind::Http => {
            // Shared by all connections to it, what it wants to hear is learnt once; and no other proxy
            // sees numbers that it will see.
            let mut login = Login::new(login.map(credentials), Noise::new(chance()?));
            if asker.is_some() {
                login = login.asking();
            }
            let login = Rc::new(RefCell::new(login));
            if let Some(asker) = asker {
                *asker = Some(ask_for(hop, Rc::clone(&login)));
            }
            Box::new(move |place| Box::new(Connect::new(place, Rc::clone(&login))))
        }
        ProxyKind::Socks4 => {
            let user = login.map(as_typed).unwrap_or_default();
            Box::new(move |place| layer(Socks4::new(&place, &user)))
        }
        ProxyKind::Socks5 => {
            let login = login.map(credentials);
            let errand = match datagrams {
                true => Errand::Associate,
                false => Errand::Connect,
            };
            Box::new(move |place| layer(Socks5::new(&place, login.as_ref(), errand)))
        }
    })
}

/// Asks for the password at that proxy on the terminal, whatever stdin is.
fn ask_for(hop: &Hop, login: Rc<RefCell<Login>>) -> Asker {
    let user = hop.login.as_ref().map(|login| &login.user[..]);
    let user = String::from_utf8_lossy(user.unwrap_or_default());
    let user = user.escape_debug();
    let prompt = format!("Proxy password for {user}@{}: ", hop.name);
    Asker {
        prompt,
        tell: Box::new(move |said| login.borrow_mut().told(said)),
    }
}

/// What a proxy that speaks TLS is to be met with. It has its own name to prove, and none of the target's.
#[cfg(feature = "tls")]
fn cover(hop: &Hop, way: &Way) -> Result<Option<Cover>, String> {
    let Some(wishes) = way.secure.as_ref().filter(|_| hop.secure) else {
        return Ok(None);
    };
    let wishes = crate::secure::Wishes {
        name: hop.name.clone(),
        ..wishes.clone()
    };
    let client = crate::secure::client(&wishes)?;
    Ok(Some(Box::new(move || {
        super::secret::client_layer(&client, None)
    })))
}

#[cfg(not(feature = "tls"))]
fn cover(hop: &Hop, _: &Way) -> Result<Option<Cover>, String> {
    match hop.secure {
        true => Err("This build knows no TLS".into()),
        false => Ok(None),
    }
}

pub(super) fn credentials(login: plan::Login) -> Credentials {
    Credentials {
        user: login.user,
        password: login.password.unwrap_or_default(),
    }
}

/// SOCKS4 knows no password: all that was typed is the name.
fn as_typed(login: plan::Login) -> Vec<u8> {
    match login.password {
        Some(password) => [login.user, password].join(&b':'),
        None => login.user,
    }
}

fn host(far: &Far) -> Host {
    match far {
        Far::Name(name) => Host::Name(name.clone()),
        Far::Ip(ip) => Host::Ip(*ip),
    }
}
