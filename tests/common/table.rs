//! Many small scenes that mostly wait, played side by side.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Told;

/// How many scenes are played at once. They wait for each other's processes more than they compute.
const SIDE_BY_SIDE: usize = 6;

/// How often a scene in which chance has a part is played: what `NCAT_TEST_RUNS` says, or five times.
pub(crate) fn runs() -> u64 {
    std::env::var("NCAT_TEST_RUNS")
        .ok()
        .and_then(|runs| runs.parse().ok())
        .unwrap_or(5)
}

/// A scene with its name.
pub(crate) struct Case<'a> {
    pub(crate) name: String,
    pub(crate) play: Box<dyn Fn() -> Told + Send + Sync + 'a>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(name: impl Into<String>, play: impl Fn() -> Told + Send + Sync + 'a) -> Self {
        Self {
            name: name.into(),
            play: Box::new(play),
        }
    }
}

/// Plays every case; the results stand in the order of the cases.
pub(crate) fn play(cases: &[Case<'_>]) -> Vec<Told> {
    let next = AtomicUsize::new(0);
    let results: Vec<_> = cases.iter().map(|_| Mutex::new(Ok(()))).collect();
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE.min(cases.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(at) else { break };
                    let result = (case.play)();
                    *results[at]
                        .lock()
                        .expect("no scene panics while it holds its result") = result;
                }
            });
        }
    });
    results
        .into_iter()
        .map(|r| {
            r.into_inner()
                .expect("no scene panics while it holds its result")
        })
        .collect()
}

/// Plays every case; prints one sentence for each that fails, and fails if there is any.
pub(crate) fn all_hold(cases: &[Case<'_>]) -> Told {
    let mut failures = 0;
    for (case, result) in cases.iter().zip(play(cases)) {
        if let Err(why) = result {
            println!("{}: {why}", case.name);
            failures += 1;
        }
    }
    match failures {
        0 => Ok(()),
        some => Err(format!(
            "{some} of {} cases fail, as told above",
            cases.len()
        )),
    }
}
