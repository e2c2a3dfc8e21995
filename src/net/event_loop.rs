//! The loop: tell, sweep, admit, rest, wait, note, turn, ring. Nothing else lives here.

use std::io;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::event::{Event as Readiness, Source as _};
use mio::unix::SourceFd;
use mio::{Events, Interest, Token};

use super::Shell;
use super::alarm::Wake;
use super::listener::Door;
use super::reach::Watched;
use super::token::{self, Kind};
use super::transport::Transport;
use crate::ids::{ConnId, ListenId};
use crate::mode::Mode;
use crate::route::End;

/// How many events one wait may bring.
const EVENTS: usize = 256;
/// How long a peer of ours that is to be let go may take nothing of what it is still to get.
const PARTING: Duration = Duration::from_secs(10);

impl Shell {
    /// Runs until the mode ends the program; the exit status.
    ///
    /// # Errors
    /// The system's event queue fails.
    pub fn run(&mut self, mode: &mut dyn Mode) -> io::Result<i32> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            if let Some(status) = self.settle(mode) {
                return Ok(status);
            }
            // Behind that, so that whoever has left by now has made room.
            for _ in 0..self.waiting.len() {
                if let Some(listener) = self.waiting.pop_front() {
                    self.admit(listener);
                }
            }
            if !self.outbox.is_empty()
                && let Some(status) = self.settle(mode)
            {
                return Ok(status);
            }
            self.wait(&mut events)?;
            self.now = Instant::now();
            self.config.clock.set(self.now);
            for event in &events {
                self.note(event);
            }
            for _ in 0..self.greeting.len() {
                if let Some(conn) = self.greeting.pop_front() {
                    self.greet(conn);
                }
            }
            for _ in 0..self.ready.len() {
                if let Some(route) = self.ready.pop_front() {
                    self.turn(route);
                }
            }
            self.ring();
        }
    }

    /// Does what the mode asks, and closes what may be closed, which would otherwise have to wait for some
    /// event. The exit status once that is all.
    fn settle(&mut self, mode: &mut dyn Mode) -> Option<i32> {
        self.tell(mode);
        self.sweep();
        let status = self.exit.or_else(|| self.has_left());
        let status = status.or_else(|| self.has_served_the_only().then_some(0))?;
        self.end_progress();
        if self.exit.is_none() {
            let all = self.conns.ids().into_iter();
            all.for_each(|id| self.say_closed(id));
        }
        self.say_all_checksums();
        self.taps.settle();
        Some(status)
    }

    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let queues = self.ready.len() + self.waiting.len() + self.greeting.len();
        let busy = !self.outbox.is_empty() || queues > 0;
        let next = self.next_alarm();
        let timeout = match next {
            _ if busy => Some(Duration::ZERO),
            Some(at) => Some(at.saturating_duration_since(Instant::now())),
            None => None,
        };
        if !busy {
            self.assert_at_rest();
        }
        match self.poll.poll(events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Going to sleep is a claim: nothing could move by itself. Checked where checks are built in.
    fn assert_at_rest(&self) {
        if cfg!(debug_assertions) {
            for (id, route) in self.routes.iter() {
                let awake = route.could_move(&self.conns, Instant::now().min(self.now));
                assert!(!awake, "route {id:?} goes to sleep though it could move");
            }
        }
    }

    fn next_alarm(&mut self) -> Option<Instant> {
        let Self {
            alarms,
            conns,
            routes,
            dials,
            attempts,
            listeners,
            leaving,
            processes,
            sweep,
            progress,
            errands,
            ..
        } = self;
        alarms.next(|at, who| match who {
            Wake::Conn(id, what) => conns
                .find(id)
                .is_some_and(|conn| conn.alarms[what as usize] == Some(at)),
            Wake::Layers(id) => conns.find(id).is_some_and(|conn| conn.awaits_ring(at)),
            Wake::Errand(id) => errands.get(&id).is_some_and(|errand| errand.wants(at)),
            Wake::Greeting(id) => conns
                .find(id)
                .and_then(|conn| conn.greeting())
                .is_some_and(|greeting| greeting.until == Some(at)),
            Wake::Opening(id) => conns.find(id).is_some(),
            Wake::Appetite(id) => conns.find(id).is_some_and(|conn| conn.is_patient(at)),
            Wake::Route(id) => routes.find(id).is_some_and(|route| route.wants(at)),
            Wake::Dial(id) => dials
                .find(id)
                .is_some_and(|dial| dial.wakes_at() == Some(at)),
            Wake::Attempt(id) => attempts.find(id).is_some(),
            Wake::Listener(id) => listeners
                .find(id)
                .is_some_and(|listener| listener.retry_at == Some(at)),
            Wake::Leave => leaving
                .as_ref()
                .is_some_and(|leaving| leaving.patience.at == Some(at)),
            Wake::Sweep => sweep.at == Some(at),
            Wake::Progress => progress.at == Some(at),
            Wake::Process(id) => processes.find(id).is_some_and(|process| process.wants(at)),
        })
    }

    fn note(&mut self, event: &Readiness) {
        let (kind, packed) = token::unpack(event.token());
        let readable = event.is_readable() || event.is_read_closed() || event.is_error();
        let writable = event.is_writable() || event.is_write_closed() || event.is_error();
        match kind {
            Kind::Conn | Kind::ConnOut => {
                let Some(id) = self.conns.unpack(packed) else {
                    return;
                };
                if let Some(conn) = self.conns.find_mut(id) {
                    conn.hung_up |= event.is_error() || event.is_write_closed();
                    match (kind, &conn.transport) {
                        (Kind::Conn, Transport::Stdio { .. } | Transport::Child(_)) => {
                            conn.note(readable, false);
                        }
                        (Kind::Conn, _) => conn.note(readable, writable),
                        // Whoever reads next finds out what has become of it.
                        (_, Transport::Datagram(_)) => conn.note(readable, false),
                        _ => conn.note(false, writable),
                    }
                }
                self.wake_conn(id);
                self.look_for_desertion(id);
                self.look_for_deserted_errand(id);
            }
            Kind::Listener => self.note_listener(packed, readable, writable),
            Kind::Attempt => {
                if let Some(id) = self.attempts.unpack(packed) {
                    self.look_at_attempt(id);
                }
            }
            Kind::Single => self.note_single(event.token()),
            Kind::Relay | Kind::RelayOut => self.note_relay(kind, packed, readable),
            Kind::Process => self.note_process(packed),
        }
    }

    fn note_single(&mut self, token: Token) {
        match token {
            token::LOGS => {
                self.taps.settle();
                self.say_log_failures();
            }
            token::LISTS => self.note_lists(),
            token::NAMES => self.note_names(),
            _ => self.note_signals(),
        }
    }

    fn note_listener(&mut self, packed: usize, readable: bool, writable: bool) {
        let Some(id) = self.listeners.unpack(packed) else {
            return;
        };
        let Some(listener) = self.listeners.find_mut(id) else {
            return;
        };
        let mut blocked = Vec::new();
        if let (true, Door::Hall(hall)) = (writable, &listener.door) {
            blocked.extend(hall.sessions.values().copied());
        }
        // The system says so with every message that comes, which must not cost a turn of all who are in.
        for id in blocked {
            if let Some(conn) = self.conns.find_mut(id)
                && !conn.is_writable()
            {
                conn.note(false, true);
                self.wake_conn(id);
            }
        }
        if readable {
            self.queue_listener(id);
        }
    }

    fn ring(&mut self) {
        while let Some((at, who)) = self.alarms.due(self.now) {
            match who {
                Wake::Conn(id, what) => {
                    let wanted = |conn: &super::Conn| conn.alarms[what as usize] == Some(at);
                    if self.conns.find(id).is_some_and(wanted) {
                        self.ring_conn(id, what);
                    }
                }
                Wake::Layers(id) => self.ring_layers(id),
                Wake::Errand(id) => {
                    if self.errands.get(&id).is_some_and(|errand| errand.wants(at)) {
                        self.ring_errand(id);
                    }
                }
                Wake::Greeting(id) => self.lose_patience(id, at),
                Wake::Opening(id) => {
                    if let Some(conn) = self.conns.find(id) {
                        conn.open_now();
                    }
                }
                Wake::Appetite(id) => self.feed(id, at),
                Wake::Route(id) => self.ring_route(id),
                Wake::Dial(id) => self.look_at_dial(id),
                Wake::Attempt(id) => self.look_at_attempt(id),
                Wake::Listener(id) => self.queue_listener(id),
                Wake::Process(id) => self.ring_process(id),
                Wake::Progress => self.show_progress(),
                Wake::Leave | Wake::Sweep => {}
            }
        }
    }

    /// Closes what has everything it was to get.
    fn sweep(&mut self) {
        if self.closing.is_empty() {
            self.sweep = super::Patience::default();
        }
        // A proxy may have thousands that take their time, and nobody else is to wait while all of them
        // are asked: there, only those are that have just come to be let go, until it is time.
        let is_time = self.sweep.at.is_none_or(|at| at <= self.now);
        let from = match self.config.service.is_some() && !is_time {
            true => self.swept.min(self.closing.len()),
            false => 0,
        };
        for id in self.closing.split_off(from) {
            match self.is_done(id) {
                true => self.remove_conn(id),
                false => self.closing.push(id),
            }
        }
        self.swept = self.closing.len();
    }

    /// Whether a connection has everything it was to get. The peer of a link is told the end first, and
    /// must have acknowledged it all: what it goes on sending would destroy what is on its way.
    fn is_done(&mut self, id: ConnId) -> bool {
        let Some(conn) = self.conns.find(id) else {
            return true;
        };
        let serves = self.config.service.is_some();
        if serves && conn.moved_at + PARTING <= self.now {
            return true;
        }
        match conn.route.and_then(|route| self.routes.find(route)) {
            None if !serves => return true,
            Some(super::Route::Hub(hub)) => return hub.hub.is_caught_up(id) && conn.is_clear(),
            Some(link) if !link.is_settled(&self.conns) => {
                if serves {
                    self.sweep_later();
                }
                return false;
            }
            None | Some(_) => {}
        }
        if let Some(conn) = self.conns.find_mut(id) {
            let is_told = conn.is_finishing() || conn.is_cut;
            if !conn.is_cut {
                conn.finish();
            }
            if serves {
                conn.part();
            }
            if conn.is_cut && conn.may_be_cut_off() {
                return true;
            }
            if !conn.is_cut && conn.is_clear() {
                conn.answer_again();
                if conn.is_acknowledged() {
                    return true;
                }
            }
            // Once, for its layers: to wake it every time would keep the loop from ever waiting.
            if !is_told {
                self.wake_conn(id);
            }
        }
        self.sweep_later();
        false
    }

    fn sweep_later(&mut self) {
        if let Some(at) = self.sweep.wait(self.now) {
            self.alarms.set(at, Wake::Sweep);
        }
    }

    /// A connection goes: its id finds nobody from here on.
    pub(super) fn remove_conn(&mut self, id: ConnId) {
        self.say_closed(id);
        self.release(id);
        self.drop_errand(id);
        self.close_relay(id);
        let Some(conn) = self.conns.remove(id) else {
            return;
        };
        if conn.is_cut {
            conn.break_off_when_closed();
        }
        if let Some(route) = conn.route {
            self.leave_route(route, id, &conn.name);
        }
        if let Some(listener) = conn.listener {
            self.guests -= 1;
            self.forget_session(listener, &conn.transport);
            self.release_hall(id, Some(listener));
        }
        drop(conn);
        self.room_for_more();
    }

    fn forget_session(&mut self, listener: ListenId, transport: &Transport) {
        if let Some(listener) = self.listeners.find_mut(listener)
            && let (Door::Hall(hall), Transport::Session(session)) = (&mut listener.door, transport)
        {
            hall.sessions.remove(&session.peer);
        }
    }

    /// The exit status once everything that was read has been handed over.
    fn has_left(&mut self) -> Option<i32> {
        let leaving = self.leaving.as_mut()?;
        let status = leaving.status;
        let settled = |(_, route): (_, &super::Route)| route.is_settled(&self.conns);
        if !self.routes.iter().all(settled) {
            return None;
        }
        if !std::mem::replace(&mut leaving.said_goodbye, true) {
            self.drop_newcomers();
            self.say_goodbye();
        }
        if self.taps.settle() && self.peers_have_all() {
            return Some(status);
        }
        if let Some(at) = self.leaving.as_mut()?.patience.wait(self.now) {
            self.alarms.set(at, Wake::Leave);
        }
        None
    }

    /// Whether every peer has what it was to get, or never will.
    fn peers_have_all(&mut self) -> bool {
        let mut all = true;
        for id in self.conns.ids() {
            if let Some(conn) = self.conns.find_mut(id).filter(|_| id != self.stdio) {
                if conn.is_clear() {
                    conn.answer_again();
                }
                all &= conn.is_clear() && conn.is_acknowledged();
            }
        }
        all
    }

    /// Tells all peers that no more will come. Layers say it with the next turn of their route.
    fn say_goodbye(&mut self) {
        for id in self.conns.ids() {
            if let Some(conn) = self.conns.find_mut(id).filter(|_| id != self.stdio) {
                conn.finish();
                self.wake_conn(id);
            }
        }
    }

    /// Watches the descriptors of a connection for its whole life.
    pub(super) fn watch(&mut self, id: ConnId) -> io::Result<()> {
        let Some(conn) = self.conns.find_mut(id) else {
            return Ok(());
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        let fds = conn
            .transport
            .watched()
            .map(|fd| fd.map(|fd| fd.as_raw_fd()));
        let (mut readable, mut writable) = (false, false);
        let registry = self.poll.registry();
        if let Transport::Stdio { input, output } = &mut conn.transport {
            let watch = |half: &mut super::Half, kind, interest| {
                if half.is_watched() {
                    let fd = std::os::fd::AsFd::as_fd(half).as_raw_fd();
                    let token = token::pack(kind, id);
                    match registry.register(&mut SourceFd(&fd), token, interest) {
                        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                            half.cannot_be_watched();
                        }
                        result => result?,
                    }
                }
                Ok::<bool, io::Error>(!half.is_watched())
            };
            if let Some(half) = input {
                readable = watch(half, Kind::Conn, Interest::READABLE)?;
            }
            if let Some(half) = output {
                writable = watch(half, Kind::ConnOut, Interest::WRITABLE)?;
            }
        } else if let [Some(fd), None] = fds {
            let token = token::pack(Kind::Conn, id);
            SourceFd(&fd).register(registry, token, both)?;
        } else if let ([Some(socket), Some(control)], Transport::Datagram(_)) =
            (fds, &conn.transport)
        {
            let (moves, lasts) = (token::pack(Kind::Conn, id), token::pack(Kind::ConnOut, id));
            SourceFd(&socket).register(registry, moves, both)?;
            SourceFd(&control).register(registry, lasts, Interest::READABLE)?;
        } else if let [Some(from), Some(to)] = fds {
            let (reads, writes) = (token::pack(Kind::Conn, id), token::pack(Kind::ConnOut, id));
            SourceFd(&from).register(registry, reads, Interest::READABLE)?;
            SourceFd(&to).register(registry, writes, Interest::WRITABLE)?;
        }
        conn.note(readable, writable);
        Ok(())
    }

    /// Watches the socket of a connection that has been reached. One that was watched as an attempt is
    /// told by another token from here on.
    pub(super) fn watch_won(&mut self, id: ConnId, watched: Watched) -> io::Result<()> {
        let conn = self.conns.find(id).map(|conn| conn.transport.watched());
        let Some([Some(fd), None]) = conn.filter(|_| watched == Watched::AsAttempt) else {
            return self.watch(id);
        };
        let (token, both) = (
            token::pack(Kind::Conn, id),
            Interest::READABLE | Interest::WRITABLE,
        );
        SourceFd(&fd.as_raw_fd()).reregister(self.poll.registry(), token, both)
    }

    /// Watches a listener for its whole life.
    pub(super) fn watch_listener(&mut self, id: ListenId) -> io::Result<()> {
        let Some(listener) = self.listeners.find(id) else {
            return Ok(());
        };
        let interest = match listener.door {
            Door::Stream { .. } | Door::Only(..) => Interest::READABLE,
            Door::Hall(_) => Interest::READABLE | Interest::WRITABLE,
        };
        let Some(fd) = listener.watched().map(|fd| fd.as_raw_fd()) else {
            self.queue_listener(id);
            return Ok(());
        };
        let token = token::pack(Kind::Listener, id);
        self.poll
            .registry()
            .register(&mut SourceFd(&fd), token, interest)
    }
}
