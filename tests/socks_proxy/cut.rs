//! Requests that come in pieces, or not to their end, and what comes with them.

use std::net::SocketAddr;

use crate::common::payload::noise;
use crate::common::table::{Case, all_hold};
use crate::common::{Door, Told, told};
use crate::scene::{Client, Proxy, admit, at, target};
use crate::words::{CONNECT, NOT_ALLOWED, Socks, login5, place, reply5, request4, request5};

/// A request with all that comes before it, and what is said to all of it up to the last answer.
struct Talk {
    name: &'static str,
    socks: Socks,
    options: &'static [&'static str],
    said: Vec<u8>,
    /// What must have been said for a part of an answer to come.
    parts: Vec<(usize, Vec<u8>)>,
}

impl Talk {
    fn all(to: SocketAddr) -> Vec<Self> {
        let talk = |name, socks, options, said, parts| Self {
            name,
            socks,
            options,
            said,
            parts,
        };
        let (four, five) = (Socks::Four, Socks::Five);
        let auth: &[&str] = &["--proxy-auth", "joe:secret"];
        let login = login5("joe", "secret");
        let said = [&[5, 2, 0, 2][..], &login, &request5(CONNECT, &place(to))].concat();
        let ends = (4, 4 + login.len());
        vec![
            talk("an address", four, &[], four.ask(to), vec![]),
            talk(
                "a name",
                four,
                &[],
                four.ask_name("localhost", to.port()),
                vec![],
            ),
            talk(
                "a user",
                four,
                auth,
                request4(CONNECT, to, b"joe:secret"),
                vec![],
            ),
            talk("an address", five, &[], five.ask(to), vec![(3, vec![5, 0])]),
            talk(
                "a name",
                five,
                &[],
                five.ask_name("localhost", to.port()),
                vec![(3, vec![5, 0])],
            ),
            talk(
                "a login",
                five,
                auth,
                said,
                vec![(ends.0, vec![5, 2]), (ends.1, vec![1, 0])],
            ),
        ]
    }

    /// What has been answered to the first so many bytes.
    fn answered(&self, said: usize) -> Vec<u8> {
        let parts = self.parts.iter().filter(|(after, _)| *after <= said);
        parts.flat_map(|(_, answer)| answer.clone()).collect()
    }

    /// The answer to all of it.
    fn reached(&self, own: SocketAddr) -> Vec<u8> {
        let last = match self.socks {
            Socks::Four => self.socks.reached(own),
            Socks::Five => reply5(0, own),
        };
        [self.answered(self.said.len()), last].concat()
    }
}

/// Plays this for every request there is.
fn each(play: impl Fn(&Talk, &mut Proxy, &Door) -> Told + Send + Sync) -> Told {
    let play = &play;
    let case = |nth: usize, talk: Talk| {
        Case::new(format!("{:?}, {}", talk.socks, talk.name), move || {
            let door = target()?;
            let talk = Talk::all(at(&door)).swap_remove(nth);
            let mut proxy = Proxy::open(talk.socks, talk.options)?;
            play(&talk, &mut proxy, &door)?;
            proxy.is_as_before()
        })
    };
    let named = Talk::all(at(&target()?)).into_iter().enumerate();
    all_hold(&named.map(|(nth, talk)| case(nth, talk)).collect::<Vec<_>>())
}

#[test]
fn a_request_that_is_cut_short_brings_nobody_anywhere() -> Told {
    each(|talk, proxy, door| {
        for cut in 0..talk.said.len() {
            let mut client = proxy.client_says(&talk.said[..cut])?;
            client.finish()?;
            client
                .hears_last(&talk.answered(cut))
                .map_err(|why| format!("cut at {cut}: {why}"))?;
        }
        // Nobody has come to the door before this one.
        let (near, far) = whole(talk, proxy, door)?;
        if far.remote()? != near.1 {
            return Err("somebody came who had not asked for it".into());
        }
        Ok(())
    })
}

/// A client that says all at once; and the address that it was told.
fn whole(talk: &Talk, proxy: &Proxy, door: &Door) -> Told<((Client, SocketAddr), Client)> {
    let mut near = proxy.client_says(&talk.said)?;
    let far = admit(door)?;
    let own = far.remote()?;
    near.hears(&talk.reached(own))?;
    Ok(((near, own), far))
}

#[test]
fn a_request_may_come_in_two_pieces_however_it_is_cut() -> Told {
    each(|talk, proxy, door| {
        for cut in 1..talk.said.len() {
            let (first, second) = talk.said.split_at(cut);
            let mut near = proxy.client_says(first)?;
            near.hears(&talk.answered(cut))?;
            proxy.sleeps()?;
            // What comes behind it is for the other end.
            near.says(&[second, b"early"].concat())?;
            let mut far = admit(door)?;
            let reached = talk.reached(far.remote()?);
            near.hears(&reached[talk.answered(cut).len()..])
                .map_err(|why| format!("cut at {cut}: {why}"))?;
            far.hears(b"early")
                .map_err(|why| format!("cut at {cut}: {why}"))?;
            near.talks_with(&mut far)?;
        }
        Ok(())
    })
}

#[test]
fn a_request_may_come_byte_by_byte() -> Told {
    each(|talk, proxy, door| {
        let mut near = proxy.client()?;
        for (nth, byte) in talk.said.iter().enumerate() {
            let before = talk.answered(nth).len();
            near.says(&[*byte])?;
            near.hears(&talk.answered(nth + 1)[before..])?;
            proxy.sleeps()?;
        }
        let mut far = admit(door)?;
        let reached = talk.reached(far.remote()?);
        near.hears(&reached[talk.answered(talk.said.len()).len()..])?;
        near.talks_with(&mut far)
    })
}

#[test]
fn what_comes_with_a_request_is_for_the_other_end() -> Told {
    each(|talk, proxy, door| {
        for early in [1, 1000, 200_000, 1_000_000] {
            let early = noise(early as u64, early);
            let mut near = proxy.client()?;
            // More than fits anywhere: it goes on while the request is being served.
            let all = [&talk.said[..], &early].concat();
            let mut sender = Client::of(told(near.0.try_clone())?)?;
            std::thread::scope(|scope| {
                let sending = scope.spawn(move || {
                    sender.says(&all)?;
                    sender.finish()
                });
                let mut far = admit(door)?;
                near.hears(&talk.reached(far.remote()?))?;
                far.hears_last(&early)?;
                far.says(b"thanks")?;
                drop(far);
                near.hears_last(b"thanks")?;
                sending.join().map_err(|_| "the sender panicked")?
            })?;
        }
        Ok(())
    })
}

#[test]
fn what_comes_with_a_request_that_is_refused_does_not_keep_the_answer_away() -> Told {
    for socks in Socks::BOTH {
        let mut proxy = Proxy::open(socks, &["--proxy-deny", "127.0.0.1"])?;
        let door = target()?;
        for early in [1, 1000, 100_000] {
            let said = [socks.ask(at(&door)), vec![b'x'; early]].concat();
            let mut client = proxy.client_says(&said)?;
            client
                .hears_last(&socks.missed(NOT_ALLOWED))
                .map_err(|why| format!("{socks:?} with {early} bytes: {why}"))?;
        }
        proxy.is_as_before()?;
    }
    Ok(())
}
