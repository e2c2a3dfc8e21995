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
        self.leave_terminal();
        self.end_aside();
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
            orphans,
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
            Wake::Orphans => orphans.at == Some(at),
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
                if kind == Kind::ConnOut && event.is_error() {
                    self.look_for_lost_reader(id);
                }
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
            token::ASIDE => self.note_aside(),
            token::TERMINAL => self.note_terminal(),
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
                Wake::Orphans => self.bury_orphans(),
                Wake::Leave | Wake::Sweep => {}
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
