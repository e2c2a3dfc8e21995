//! `--rate-limit`: bytes are paid for with time.
//!
//! Promise: from the first byte on, never more has gone than the rate allows for the time that has
//! passed, and what was not used of it is forgotten after a short while.

use std::time::{Duration, Instant};

/// How much unused time counts: what a busy machine slept through is made up for, and no peer meets a
/// burst of more than two hundredths of what it gets in two seconds.
const SAVED: Duration = Duration::from_millis(40);
/// The least time that is worth a piece. A hundred pieces a second cost no processor worth speaking of;
/// with one for every millisecond the loop would do little else.
const PIECE: Duration = Duration::from_millis(10);

/// What one direction of one connection may pass on, and when.
#[derive(Debug)]
pub struct Bucket {
    /// Bytes a second; never none.
    rate: u64,
    /// What has gone is paid for until then.
    paid: Instant,
}

impl Bucket {
    /// So many bytes a second, from now on.
    pub fn new(rate: u64, now: Instant) -> Self {
        let rate = rate.max(1);
        Self { rate, paid: now }
    }

    /// Whether a piece may go.
    pub fn is_open(&self, now: Instant) -> bool {
        self.opens_at() <= now
    }

    /// When a piece may go.
    pub fn opens_at(&self) -> Instant {
        self.paid + PIECE.max(self.price(1))
    }

    /// The same, if that is still to come.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        Some(self.opens_at()).filter(|at| *at > now)
    }

    /// How much may go: at least a byte if it is open.
    pub fn most(&self, now: Instant) -> usize {
        let saved = now.saturating_duration_since(self.paid);
        let saved = saved.min(self.savings()).as_nanos();
        let bytes = saved * u128::from(self.rate) / NANOS;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// So much has gone. A message goes whole, and what was not there for it is paid off before the next.
    pub fn spend(&mut self, bytes: usize, now: Instant) {
        let savings = self.savings();
        if now.saturating_duration_since(self.paid) > savings
            && let Some(since) = now.checked_sub(savings)
        {
            self.paid = since;
        }
        self.paid += self.price(bytes);
    }

    /// With what is left of a byte that could not be cut, or slow rates would lose it time and again.
    fn savings(&self) -> Duration {
        SAVED + self.price(1)
    }

    /// How long so many bytes take.
    fn price(&self, bytes: usize) -> Duration {
        let nanos = (bytes as u128 * NANOS).div_ceil(u128::from(self.rate));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u64; 6] = [1, 99, 1000, 65_537, 10_000_000, 1 << 40];

    /// Lets pieces through whenever it is open, asked every `step`; how much went in that time.
    fn passed(rate: u64, step: Duration, time: Duration) -> (u64, Vec<(Duration, u64)>) {
        let start = Instant::now();
        let mut bucket = Bucket::new(rate, start);
        let (mut now, mut total, mut steps) = (start, 0, Vec::new());
        while now - start < time {
            now += step;
            if bucket.is_open(now) {
                let most = bucket.most(now);
                assert!(most > 0, "it is open for nothing at {rate}");
                bucket.spend(most, now);
                total += most as u64;
                steps.push((now - start, total));
            }
        }
        (total, steps)
    }

    #[test]
    fn at_no_time_has_more_gone_than_the_rate_allows_and_in_the_end_no_less() {
        for rate in RATES {
            for millis in [1, 3, 11, 40] {
                let time = Duration::from_secs(2);
                let (total, steps) = passed(rate, Duration::from_millis(millis), time);
                for (at, gone) in steps {
                    let allowed = (rate as f64 * at.as_secs_f64()).ceil() as u64;
                    assert!(
                        gone <= allowed,
                        "{gone} of {allowed} at {rate} after {at:?}"
                    );
                }
                let least = (2 * rate) as f64 * 0.97 - 1.0;
                assert!(total as f64 >= least, "{total} at {rate} every {millis} ms");
            }
        }
    }

    #[test]
    fn what_was_not_used_is_forgotten() {
        let start = Instant::now();
        let bucket = Bucket::new(1000, start);
        assert_eq!(bucket.most(start), 0);
        assert_eq!(bucket.most(start + Duration::from_secs(60)), 41);
    }

    #[test]
    fn a_message_larger_than_what_is_there_is_paid_off() {
        let start = Instant::now();
        let mut bucket = Bucket::new(1000, start);
        let now = start + Duration::from_millis(40);
        assert!(bucket.is_open(now));
        bucket.spend(3000, now);
        assert_eq!(
            bucket.deadline(now),
            Some(start + Duration::from_millis(3010))
        );
    }
}
