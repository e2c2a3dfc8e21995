//! What a seed makes of a world: who takes part, what they are like, and what the user wants.

use std::time::{Duration, Instant};

use ncat::mode::{Ending, Manners, Quit};
use ncat::route::Limits;

use crate::fake::{Dice, Ear, End, Fate, Hearing, Nature, Voice};

/// Which mode is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Connect,
    Listen,
    KeepOpen,
    Broker,
    Chat,
}

impl Role {
    fn has_hub(self) -> bool {
        matches!(self, Self::KeepOpen | Self::Broker | Self::Chat)
    }

    fn has_mesh(self) -> bool {
        matches!(self, Self::Broker | Self::Chat)
    }
}

/// How bad a world may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weather {
    /// Everybody says all, takes all and ends; nothing depends on the time it takes.
    Calm,
    /// Words may end late or never.
    Slow,
    /// Ends break, stall and run out of time.
    Storm,
}

/// Everything that is decided before a world begins.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub role: Role,
    pub weather: Weather,
    pub manners: Wishes,
    pub kernel: bool,
    pub queue: usize,
    pub limits: Limits,
    pub stdio: Cast,
    pub peers: Vec<(Duration, Cast)>,
    /// The peer cannot be reached.
    pub unreachable: bool,
    /// `-C`, as far as a chat knows of it.
    pub crlf: bool,
    pub signal_after: Option<Duration>,
}

/// What the user wants.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub send_only: bool,
    pub recv_only: bool,
    pub no_shutdown: bool,
    pub half_close: bool,
    pub quit: Quit,
    pub idle: Option<Duration>,
    pub stdin_is_file: bool,
    pub messages: bool,
}

/// What one end is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cast {
    pub nature: Nature,
    total: usize,
    gulp: usize,
    fate: Fate,
    room: usize,
    hearing: Hearing,
}

/// The most a datagram holds here, and the least room of an ear that takes them.
const DATAGRAM: usize = 60;

/// The most a member of a mesh says at a time.
const GULP: usize = 1000;

/// One peer in so many has bulk to say.
const BULK: usize = 100;

impl Scene {
    /// What the dice make of that role.
    pub(crate) fn new(role: Role, dice: &Dice) -> Self {
        let weather = dice.pick(&[Weather::Calm, Weather::Slow, Weather::Storm]);
        Self::in_weather(role, weather, dice)
    }

    /// What the dice make of that role in that weather.
    pub(crate) fn in_weather(role: Role, weather: Weather, dice: &Dice) -> Self {
        let manners = Wishes::new(role, weather, dice);
        let delay = dice
            .once_in(5)
            .then(|| Duration::from_millis(dice.below(700) as u64));
        let rate = dice.once_in(5).then(|| 50 + dice.below(5000) as u64);
        let limits = Limits {
            log: log_limit(role, manners.messages, dice),
            chunk: 1 + dice.below(DATAGRAM),
            messages: manners.messages,
            stall: Duration::from_millis(800 + dice.below(2000) as u64),
            delay,
            rate,
        };
        let mut stdio = Cast::stdio(&manners, weather, dice);
        let number = match role {
            Role::Connect => 1,
            Role::Listen => 1 + dice.below(3),
            Role::KeepOpen => dice.below(8),
            Role::Broker | Role::Chat => dice.below(8),
        };
        let peers =
            (0..number).map(|_| (dice.pause() * 2, Cast::peer(role, &manners, weather, dice)));
        let mut peers: Vec<_> = peers.collect();
        if role.has_mesh() {
            // Nothing is said to the centre of a mesh, not even by its own layers.
            stdio.nature.layered = false;
            // Two who repeat what they hear would talk for ever.
            let mut echoes = peers.iter_mut().filter(|(_, cast)| cast.nature.echo);
            echoes.next();
            echoes.for_each(|(_, cast)| cast.nature.echo = false);
        }
        Self {
            role,
            weather,
            kernel: dice.once_in(2),
            queue: 1 + dice.below(DATAGRAM),
            limits,
            stdio,
            peers,
            unreachable: weather == Weather::Storm && dice.once_in(12),
            signal_after: (weather == Weather::Storm && dice.once_in(8)).then(|| dice.pause()),
            crlf: role == Role::Chat && dice.once_in(4),
            manners,
        }
    }
}

impl Wishes {
    fn new(role: Role, weather: Weather, dice: &Dice) -> Self {
        let calm = weather == Weather::Calm;
        let storm = weather == Weather::Storm;
        let messages = !calm && dice.once_in(4);
        let (send_only, recv_only) = match dice.below(8) {
            6 if !calm => (true, false),
            7 => (false, true),
            _ => (false, false),
        };
        let some_time = || Duration::from_millis(100 + dice.below(3000) as u64);
        let quit = match dice.below(8) {
            6 if storm => Quit::After(some_time()),
            7 if !calm => Quit::Never,
            _ => Quit::Default,
        };
        let idle = (storm && dice.once_in(5)).then(some_time);
        Self {
            send_only,
            recv_only,
            no_shutdown: dice.once_in(6),
            half_close: calm || dice.once_in(5),
            quit,
            // Sessions of datagrams expire in any case.
            idle: idle.or((messages && role.has_hub()).then_some(Duration::from_secs(60))),
            stdin_is_file: !recv_only && dice.once_in(4),
            messages,
        }
    }

    /// In the words of the modes.
    pub(crate) fn manners(&self, stdio: ncat::ids::ConnId, role: Role) -> Manners {
        Manners {
            stdio,
            stdin_is_file: self.stdin_is_file,
            ending: match self.messages {
                true => Ending::Untold,
                false => Ending::ByHalves,
            },
            send_only: self.send_only,
            recv_only: self.recv_only,
            no_shutdown: self.no_shutdown,
            half_close: self.half_close,
            quit: self.quit,
            idle: self.idle,
            listening: role != Role::Connect,
        }
    }
}

impl Cast {
    fn stdio(wishes: &Wishes, weather: Weather, dice: &Dice) -> Self {
        let nature = Nature {
            layered: dice.once_in(5),
            raw: !dice.once_in(4),
            steady: wishes.stdin_is_file,
            ..Nature::default()
        };
        let fate = match wishes.stdin_is_file {
            true => Fate::Over,
            false => fate(weather, dice),
        };
        Self::of(nature, fate, weather, dice)
    }

    fn peer(role: Role, wishes: &Wishes, weather: Weather, dice: &Dice) -> Self {
        let messages = wishes.messages;
        let mut nature = Nature {
            messages,
            layered: dice.once_in(5),
            raw: !messages && !dice.once_in(4),
            socket: !messages,
            ..Nature::default()
        };
        let fate = if messages {
            Fate::Never
        } else {
            fate(weather, dice)
        };
        nature.echo = weather != Weather::Calm && !messages && dice.once_in(6);
        let mut cast = Self::of(nature, fate, weather, dice);
        if role.has_mesh() {
            cast.suit_mesh(role, dice);
        }
        if role == Role::KeepOpen && !messages && dice.once_in(BULK) {
            // Enough to fill what a hub holds for its centre.
            (cast.total, cast.gulp) = (100_000 + dice.below(100_000), 40_000);
        }
        cast
    }

    fn of(nature: Nature, fate: Fate, weather: Weather, dice: &Dice) -> Self {
        let hearing = match (weather, dice.below(8)) {
            (Weather::Storm, 5) => Hearing::Until(dice.below(200)),
            (Weather::Storm, 6 | 7) => Hearing::BreaksAt(dice.below(200)),
            _ => Hearing::Always,
        };
        Self {
            nature,
            total: dice.below(400),
            gulp: 1 + dice.below(DATAGRAM),
            fate,
            room: if dice.once_in(4) {
                30_000
            } else {
                DATAGRAM + dice.below(40)
            },
            hearing,
        }
    }

    /// Some say more at a time than a log may hold, and whoever takes messages has room for one.
    fn suit_mesh(&mut self, role: Role, dice: &Dice) {
        if dice.once_in(6) {
            self.gulp = 1 + dice.below(GULP);
            self.total *= 4;
        }
        if self.nature.messages {
            self.room += if role == Role::Chat { 5 * GULP } else { GULP };
        }
    }

    /// The end itself, as speaker `who`.
    pub(crate) fn end(self, who: usize, dice: &Dice, now: Instant) -> End {
        let voice = match self.nature.echo {
            true => Voice::echo(who, now),
            false => Voice::new(who, self.total, self.gulp, self.fate, now),
        };
        let mut end = End::new(
            self.nature,
            voice,
            Ear::new(self.room, self.hearing),
            dice.clone(),
        );
        if self.nature.steady {
            end.voice.arrive_at_once();
        }
        end
    }
}

/// How much a hub may hold. A message is let into any log that is empty, and so is what a chat writes
/// at a time, up to sixteen kilobytes; a stream needs room for a few bytes.
fn log_limit(role: Role, messages: bool, dice: &Dice) -> usize {
    match dice.below(4) {
        2 if role == Role::Chat || role.has_mesh() && messages => 1 + dice.below(300),
        3 if role.has_mesh() => 17_000 + dice.below(6000),
        _ => 300 + dice.below(3000),
    }
}

fn fate(weather: Weather, dice: &Dice) -> Fate {
    match (weather, dice.below(6)) {
        (Weather::Slow, 4 | 5) | (Weather::Storm, 4) => Fate::Never,
        (Weather::Storm, 5) => Fate::Break,
        _ => Fate::Over,
    }
}
