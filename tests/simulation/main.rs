//! Routes and modes in worlds that are made from seeds: ends that stutter, cut, stall and break, under a
//! clock that jumps. After every round the rules of the architecture are checked, and at the end of each
//! world that nothing was lost in silence and nobody waits for nothing.
//!
//! `NCAT_SIM_SEEDS` says how many worlds each test makes; `NCAT_SIM_SEED` plays a single one. A failure
//! names its seed and tells the last things that happened.

mod fake;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fake::{Dice, Trace, pair};
use world::scene::{Role, Scene, Weather};
use world::{play, play_hub};

/// Worlds for each test, unless the environment says otherwise.
const SEEDS: u64 = 1000;

#[test]
fn a_link_between_two_unreliable_ends_keeps_every_promise() {
    for_each_seed(|seed, trace| pair::play(&Dice::seeded(seed), trace));
}

/// Schedules that once broke a promise, as the fuzzer wrote them.
const WRITTEN: &[&[u8]] = &[
    // The source broke while its last byte was still in the channel.
    b"\xd2\0\x11\xcc\xcc\0\xff\x07\0\0\0\x01\x10\0\x2a\xc9\xff\0\x01\x10\0\x2a\xc9\xff\xc9\
      \xff\xef\x9d\x10\0\x2a\xc9\xff\0\x01\x10\0\x2a\xc9\xff\x01\x05\x3f\xfb\x20\xc7\x20",
];

/// Schedules of hubs that once broke a promise.
const WRITTEN_HUBS: &[&[u8]] = &[
    // The last member is to go and takes nothing: the centre waits for whoever comes next.
    b"\xf7\x08\0\0\0\0\0\0\0\0\xff\xff\x9c\0\0\0\0\xff\0\0\x07\xff\xfc\xf9\xff\xff\xff\xf9\xff\xff\x2b\x2d",
];

/// What the fuzzer writes, played without one: every byte in turn, for schedules of several lengths.
#[test]
fn a_schedule_may_be_written_in_bytes() {
    for schedule in WRITTEN {
        pair::play(&Dice::written(schedule), &Trace::default());
    }
    for byte in 0..=255u8 {
        for length in [1, 7, 64] {
            let schedule: Vec<u8> = (0..length).map(|i| byte.wrapping_mul(i + 1)).collect();
            pair::play(&Dice::written(&schedule), &Trace::default());
            play_hub(&Dice::written(&schedule), &Trace::default());
        }
    }
}

#[test]
fn a_centre_whose_last_members_hear_no_more_waits_for_whoever_comes_next() {
    for schedule in WRITTEN_HUBS {
        play_hub(&Dice::written(schedule), &Trace::default());
    }
    // In the first the last member is to go, in the second the last two are broken.
    for seed in [1002, 23809] {
        play_role(Role::KeepOpen, seed, &Trace::default());
    }
}

#[test]
fn connect_mode_loses_nothing_and_ends_when_it_should() {
    for_each_seed(|seed, trace| play_role(Role::Connect, seed, trace));
}

#[test]
fn listen_mode_loses_nothing_and_ends_when_it_should() {
    for_each_seed(|seed, trace| play_role(Role::Listen, seed, trace));
}

#[test]
fn keeping_open_loses_nothing_and_delays_nobody() {
    for_each_seed(|seed, trace| play_role(Role::KeepOpen, seed, trace));
}

#[test]
fn a_broker_gives_everybody_exactly_what_the_others_said() {
    for_each_seed(|seed, trace| play_role(Role::Broker, seed, trace));
}

#[test]
fn a_chat_shows_everybody_what_the_others_said_and_who_said_it() {
    for_each_seed(|seed, trace| play_role(Role::Chat, seed, trace));
}

#[test]
fn whether_the_kernel_carries_the_bytes_cannot_be_told() {
    for_each_seed(|seed, trace| {
        let mut scene = Scene::in_weather(Role::Connect, Weather::Calm, &Dice::seeded(seed));
        let outcomes = [true, false].map(|kernel| {
            scene.kernel = kernel;
            play(scene.clone(), stutters(seed), trace.clone())
        });
        assert_eq!(outcomes[0], outcomes[1], "by the kernel, and by copying");
    });
}

fn play_role(role: Role, seed: u64, trace: &Trace) {
    let scene = Scene::new(role, &Dice::seeded(seed));
    play(scene, stutters(seed), trace.clone());
}

/// What happens on the way is decided apart from what the world is like, so that one world can be played
/// in two ways.
fn stutters(seed: u64) -> Dice {
    Dice::seeded(seed ^ 0x5bd1_e995)
}

/// Plays all seeds; the first that fails is played again with its trace.
fn for_each_seed(play: impl Fn(u64, &Trace)) {
    let number = |name| std::env::var(name).ok().and_then(|word| word.parse().ok());
    let seeds = match number("NCAT_SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("NCAT_SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        let attempt = |trace: &Trace| catch_unwind(AssertUnwindSafe(|| play(seed, trace)));
        if attempt(&Trace::default()).is_err() {
            let trace = Trace::kept();
            let again = attempt(&trace);
            eprintln!("The last things that happened with NCAT_SIM_SEED={seed}:\n{trace}");
            resume_unwind(
                again
                    .err()
                    .unwrap_or_else(|| Box::new("it passes when played again")),
            );
        }
    }
}
