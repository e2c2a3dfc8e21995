//! Where a mode's requests are taken down, and where they are carried out afterwards.

use std::time::Duration;

use super::dial::words;
use super::{Leaving, Patience, Shell, conn::Conn, routes::Route};
use crate::ids::ConnId;
use crate::mode::{Alarm, Event, Fact, Flow, Level, Mode, Net, Reach, When};

/// What a mode asked for.
enum Request {
    Dial(usize),
    Link {
        near: ConnId,
        far: ConnId,
        out: Flow,
        back: Flow,
    },
    Hub {
        centre: ConnId,
        out: Flow,
        back: Flow,
        reach: Reach,
    },
    Join(ConnId, u32),
    Announce(String),
    Spawn(ConnId),
    HangUp(ConnId, Duration),
    PassOn(ConnId),
    Forget(ConnId),
    Reach(ConnId),
    Hear(ConnId),
    Conclude(ConnId, bool),
    Finish(ConnId),
    Close(ConnId, When),
    Cut(ConnId),
    Release(ConnId),
    StopListening,
    Arm(ConnId, Alarm, Duration),
    Exit(i32, When),
    Say(Level, String),
    Tell(Level, String, Fact),
}

/// Takes requests down and answers questions about the present.
struct Desk<'a> {
    shell: &'a Shell,
    requests: Vec<Request>,
}

impl Net for Desk<'_> {
    fn dial(&mut self, n: usize) {
        self.requests.push(Request::Dial(n));
    }
    fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow) {
        self.requests.push(Request::Link {
            near,
            far,
            out,
            back,
        });
    }
    fn hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach) {
        self.requests.push(Request::Hub {
            centre,
            out,
            back,
            reach,
        });
    }
    fn join(&mut self, conn: ConnId, number: u32) {
        self.requests.push(Request::Join(conn, number));
    }
    fn announce(&mut self, words: String) {
        self.requests.push(Request::Announce(words));
    }
    fn spawn(&mut self, peer: ConnId) {
        self.requests.push(Request::Spawn(peer));
    }
    fn hang_up(&mut self, child: ConnId, after: Duration) {
        self.requests.push(Request::HangUp(child, after));
    }
    fn pass_on(&mut self, conn: ConnId) {
        self.requests.push(Request::PassOn(conn));
    }
    fn forget(&mut self, child: ConnId) {
        self.requests.push(Request::Forget(child));
    }
    fn reach(&mut self, asker: ConnId) {
        self.requests.push(Request::Reach(asker));
    }
    fn hear(&mut self, conn: ConnId) {
        self.requests.push(Request::Hear(conn));
    }
    fn conclude(&mut self, asker: ConnId, in_order: bool) {
        self.requests.push(Request::Conclude(asker, in_order));
    }
    fn finish(&mut self, conn: ConnId) {
        self.requests.push(Request::Finish(conn));
    }
    fn close(&mut self, conn: ConnId, when: When) {
        self.requests.push(Request::Close(conn, when));
    }
    fn cut(&mut self, conn: ConnId) {
        self.requests.push(Request::Cut(conn));
    }
    fn release(&mut self, conn: ConnId) {
        self.requests.push(Request::Release(conn));
    }
    fn stop_listening(&mut self) {
        self.requests.push(Request::StopListening);
    }
    fn arm(&mut self, conn: ConnId, what: Alarm, after: Duration) {
        self.requests.push(Request::Arm(conn, what, after));
    }
    fn exit(&mut self, status: i32, when: When) {
        self.requests.push(Request::Exit(status, when));
    }
    fn say(&mut self, level: Level, words: String) {
        self.requests.push(Request::Say(level, words));
    }
    fn tell(&mut self, level: Level, words: String, fact: Fact) {
        self.requests.push(Request::Tell(level, words, fact));
    }
    fn name(&self, conn: ConnId) -> String {
        self.shell
            .conns
            .find(conn)
            .map_or_else(String::new, |conn| conn.name.to_string())
    }
    fn passed(&self, conn: ConnId) -> (u64, u64) {
        self.shell.passed(conn)
    }
    fn has_all(&self, conn: ConnId) -> bool {
        self.shell.conns.find(conn).is_none_or(Conn::has_all)
    }
    fn elapsed(&self) -> Duration {
        self.shell.started.elapsed()
    }
}

impl Shell {
    /// Tells the mode everything that has happened, one thing at a time, and does what it asks.
    pub(super) fn tell(&mut self, mode: &mut dyn Mode) {
        while let Some(event) = self.outbox.pop_front() {
            // It may have broken in both directions at once, and the mode have closed it at the first
            // news: the second would be of somebody without a name.
            if event.conn().is_some_and(|id| self.conns.find(id).is_none()) {
                continue;
            }
            let ended = match event {
                Event::End { conn } => Some(conn),
                _ => None,
            };
            self.say_in_phrases(&event);
            let mut desk = Desk {
                shell: self,
                requests: Vec::new(),
            };
            mode.on_event(event, &mut desk);
            let requests = desk.requests;
            for request in requests {
                self.carry_out(request);
            }
            if self.exit.is_some() {
                return;
            }
            if let Some(conn) = ended {
                self.look_for_desertion(conn);
            }
        }
    }

    fn carry_out(&mut self, request: Request) {
        match request {
            Request::Dial(n) => self.dial(n),
            Request::Link {
                near,
                far,
                out,
                back,
            } => {
                // A program has pipes of its own, and ours are nobody's business then.
                if near != self.stdio || self.open_for(out, back) {
                    self.link(near, far, out, back);
                }
            }
            Request::Hub {
                centre,
                out,
                back,
                reach,
            } => {
                // In a mesh stdout hears nobody.
                let hears = if reach == Reach::Star {
                    back
                } else {
                    Flow::Shut
                };
                if self.open_for(out, hears) {
                    self.make_hub(centre, out, back, reach);
                }
            }
            Request::Join(conn, number) => self.join(conn, number),
            Request::Announce(words) => self.announce(&words),
            Request::Spawn(peer) => self.spawn(peer),
            Request::HangUp(child, after) => self.hang_up(child, after),
            Request::PassOn(conn) => self.pass_on(conn),
            Request::Forget(child) => self.forget(child),
            Request::Reach(asker) => self.run_errand(asker),
            Request::Hear(conn) => self.hear(conn),
            Request::Conclude(asker, in_order) => self.conclude(asker, in_order),
            Request::Finish(conn) => self.finish(conn),
            Request::Close(conn, When::Now) => self.remove_conn(conn),
            Request::Close(conn, When::Delivered) => self.part(conn),
            Request::Cut(conn) => self.cut(conn),
            Request::Release(conn) => self.release(conn),
            Request::StopListening => self.stop_listening(),
            Request::Arm(conn, what, after) => self.arm(conn, what, after),
            Request::Exit(status, When::Now) => self.exit = Some(status),
            Request::Exit(status, When::Delivered) => self.leave(status),
            // Connections have been told of in other words.
            Request::Say(Level::Verbose, _) | Request::Tell(Level::Verbose, ..)
                if self.config.phrases.is_some() => {}
            Request::Say(level, words) => self.say.say(level, &words),
            Request::Tell(level, words, fact) => self.say.tell(level, &words, &fact),
        }
    }

    fn open_for(&mut self, out: Flow, back: Flow) -> bool {
        let opened = self.open_stdio(out == Flow::Pass, back == Flow::Pass);
        if let Err(error) = &opened {
            self.say.error(&format!(
                "Could not open standard input and output: {}.",
                words(error)
            ));
            self.exit = Some(2);
        }
        opened.is_ok()
    }

    fn finish(&mut self, id: ConnId) {
        let Some(conn) = self.conns.find_mut(id) else {
            return;
        };
        let route = conn.route;
        match route.and_then(|route| self.routes.find_mut(route)) {
            Some(Route::Hub(hub)) if hub.hub.centre() != id => hub.hub.finish(id),
            _ => crate::route::End::finish(conn),
        }
        self.queue_route(route);
    }

    fn cut(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.find_mut(id) {
            conn.is_cut = true;
            self.part(id);
        }
    }

    fn arm(&mut self, id: ConnId, what: Alarm, after: Duration) {
        self.after[what as usize] = after;
        if what == Alarm::Lull {
            self.mark_silence(id);
        }
        self.set_alarm(id, what, self.now + after);
    }

    fn leave(&mut self, status: i32) {
        for id in self.routes.ids() {
            if let Some(route) = self.routes.find_mut(id) {
                route.stop();
            }
            self.queue_route(Some(id));
        }
        self.leaving = Some(Leaving {
            status,
            said_goodbye: false,
            patience: Patience::default(),
        });
    }
}
