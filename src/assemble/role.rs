//! What the program is for: the mode that fits the plan, and its manners.

use std::time::Duration;

use super::quitting::Quitting;
use super::target::{carriage, is_datagram};
use super::{doors, openbsd};
use crate::cli::plan::{Flow, Guests, Plan, Quit, Role};
use crate::mode::{
    self, Broker, Connect, Entry, Exec, KeepOpen, Listen, Manners, Mode, PassOn, Proxy, Scan,
    Series,
};
use crate::net::given::Given;
use crate::net::sockopt::Carriage;
use crate::net::{Shell, stdin_is_file};

/// How long a peer of a datagram listener that keeps open is remembered when it is silent.
const SESSION: Duration = Duration::from_secs(60);

pub(super) fn mode(
    plan: &Plan,
    given: Option<Given>,
    shell: &mut Shell,
) -> Result<Box<dyn Mode>, Quitting> {
    let manners = manners(plan, shell);
    let runs = plan.command.is_some();
    let exec = |manners, entry| Box::new(Exec::new(manners, entry, plan.kill_after));
    Ok(match &plan.role {
        Role::Connect(_) if runs => exec(manners, Entry::Dial),
        Role::Connect(connect) if plan.flow.pass_on => Box::new(PassOn::new(connect.count())),
        Role::Connect(connect) if connect.count() > 1 => {
            Box::new(Series::new(manners, connect.count()))
        }
        Role::Connect(_) => Box::new(Connect::new(manners)),
        Role::Scan(scan) => {
            let mode = Scan::new(scan.count(), is_datagram(&plan.role), scan.way.is_some());
            Box::new(if scan.in_turn { mode.in_turn() } else { mode })
        }
        Role::Listen(listen) => {
            doors::open(&listen.at, given, shell, &openbsd::say(plan))?;
            match listen.guests {
                Guests::One if runs => exec(manners, Entry::One),
                Guests::Many if runs => exec(manners, Entry::Many),
                Guests::One => Box::new(Listen::new(manners)),
                Guests::Many => Box::new(KeepOpen::new(manners)),
                Guests::Broker => Box::new(Broker::new(manners, false)),
                Guests::Chat => Box::new(Broker::new(manners, true)),
                Guests::Proxy => Box::new(Proxy::new(plan.idle)),
            }
        }
    })
}

fn manners(plan: &Plan, shell: &Shell) -> Manners {
    let Flow {
        send_only,
        recv_only,
        no_shutdown,
        half_close,
        quit,
        lenient,
        packets,
        pass_on: _,
    } = plan.flow.clone();
    let ending = match carriage(&plan.role) {
        Carriage::Stream => mode::Ending::ByHalves,
        Carriage::Sctp => mode::Ending::Whole,
        Carriage::Datagram => mode::Ending::Untold,
    };
    let messages = ending == mode::Ending::Untold;
    let listening = matches!(plan.role, Role::Listen(_));
    let many = guests(&plan.role) != Guests::One;
    Manners {
        stdio: shell.stdio(),
        stdin_is_file: !recv_only && stdin_is_file(),
        ending,
        send_only,
        recv_only,
        no_shutdown,
        half_close,
        quit: match quit {
            Quit::Default => mode::Quit::Default,
            Quit::After(after) => mode::Quit::After(after),
            Quit::Never => mode::Quit::Never,
        },
        idle: plan.idle.or_else(|| (messages && many).then_some(SESSION)),
        lenient,
        counts_packets: packets.is_some(),
        listening,
    }
}

pub(super) fn guests(role: &Role) -> Guests {
    match role {
        Role::Listen(listen) => listen.guests,
        Role::Connect(_) | Role::Scan(_) => Guests::One,
    }
}
