//! Where a mode's requests are taken down, in the order asked, and carried out once it has returned.

use std::time::Duration;

use ncat::ids::ConnId;
use ncat::mode::{Alarm, Flow, Level, Mode, Net, Reach, When};
use ncat::route::End as _;

use super::routes::Route;
use super::{Leaving, World};

/// What a mode asked for.
#[derive(Debug)]
enum Request {
    Dial,
    Link(ConnId, ConnId, Flow, Flow),
    Hub(ConnId, Flow, Flow, Reach),
    Join(ConnId, u32),
    Announce(String),
    Finish(ConnId),
    Close(ConnId, When),
    StopListening,
    Arm(ConnId, Alarm, Duration),
    Exit(i32, When),
    Say,
}

struct Desk<'a> {
    world: &'a World,
    requests: Vec<Request>,
}

impl Net for Desk<'_> {
    fn dial(&mut self, _: usize) {
        self.requests.push(Request::Dial);
    }
    fn link(&mut self, near: ConnId, far: ConnId, out: Flow, back: Flow) {
        self.requests.push(Request::Link(near, far, out, back));
    }
    fn hub(&mut self, centre: ConnId, out: Flow, back: Flow, reach: Reach) {
        self.requests.push(Request::Hub(centre, out, back, reach));
    }
    fn join(&mut self, conn: ConnId, number: u32) {
        self.requests.push(Request::Join(conn, number));
    }
    fn announce(&mut self, words: String) {
        self.requests.push(Request::Announce(words));
    }
    fn spawn(&mut self, _: ConnId) {}
    fn hang_up(&mut self, _: ConnId, _: Duration) {}
    fn pass_on(&mut self, _: ConnId) {}
    fn forget(&mut self, _: ConnId) {}
    fn reach(&mut self, _: ConnId) {}
    fn hear(&mut self, _: ConnId) {}
    fn conclude(&mut self, _: ConnId, _: bool) {}
    fn finish(&mut self, conn: ConnId) {
        self.requests.push(Request::Finish(conn));
    }
    fn close(&mut self, conn: ConnId, when: When) {
        self.requests.push(Request::Close(conn, when));
    }
    fn cut(&mut self, _: ConnId) {}
    fn release(&mut self, _: ConnId) {}
    fn stop_listening(&mut self) {
        self.requests.push(Request::StopListening);
    }
    fn arm(&mut self, conn: ConnId, what: Alarm, after: Duration) {
        self.requests.push(Request::Arm(conn, what, after));
    }
    fn exit(&mut self, status: i32, when: When) {
        self.requests.push(Request::Exit(status, when));
    }
    fn say(&mut self, _: Level, _: String) {
        self.requests.push(Request::Say);
    }
    fn name(&self, conn: ConnId) -> String {
        let is_here = self.world.conns.find(conn).is_some();
        assert!(is_here, "{conn:?} is named and has gone");
        format!("peer {conn:?}")
    }
    fn passed(&self, conn: ConnId) -> (u64, u64) {
        self.world.passed(conn)
    }
    fn has_all(&self, conn: ConnId) -> bool {
        self.world.has_all(conn)
    }
    fn elapsed(&self) -> Duration {
        self.world.elapsed()
    }
}

impl World {
    /// Tells the mode everything that has happened, one thing at a time, and does what it asks.
    pub(super) fn tell(&mut self, mode: &mut dyn Mode) {
        while let Some(event) = self.outbox.pop_front() {
            self.note(|| format!("tell {event:?}"));
            if event
                .conn()
                .is_some_and(|conn| self.conns.find(conn).is_none())
            {
                continue;
            }
            let mut desk = Desk {
                world: self,
                requests: Vec::new(),
            };
            mode.on_event(event, &mut desk);
            let requests = desk.requests;
            for request in requests {
                self.note(|| format!("  asked {request:?}"));
                self.carry_out(request);
            }
            if self.exit.is_some() {
                return;
            }
        }
    }

    fn carry_out(&mut self, request: Request) {
        match request {
            Request::Dial => self.dial(),
            Request::Link(near, far, out, back) => self.link(near, far, out, back),
            Request::Hub(centre, out, back, reach) => self.make_hub(centre, out, back, reach),
            Request::Join(conn, number) => self.join(conn, number),
            Request::Announce(words) => self.announce(&words),
            Request::Finish(conn) => self.finish(conn),
            Request::Close(conn, When::Now) => {
                self.note_dismissal(conn);
                self.remove_conn(conn);
            }
            Request::Close(conn, When::Delivered) => self.part(conn),
            Request::StopListening => self.listening = false,
            Request::Arm(conn, what, after) => self.arm(conn, what, after),
            Request::Exit(status, When::Now) => self.exit = Some(status),
            Request::Exit(status, When::Delivered) => self.leave(status),
            Request::Say => {}
        }
    }

    fn finish(&mut self, id: ConnId) {
        let Some(end) = self.conns.find_mut(id) else {
            return;
        };
        let route = self.places.get(&id).and_then(|place| place.route);
        match route.and_then(|route| self.routes.find_mut(route)) {
            Some(Route::Hub(hub)) if hub.hub.centre() != id => hub.hub.finish(id),
            _ => end.finish(),
        }
        self.queue_route(route);
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
            ask_again_after: Duration::ZERO,
            ask_at: None,
        });
    }
}
