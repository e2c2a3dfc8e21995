//! The log against plain lists, one for each member, and the promises about its memory.

use super::*;
use crate::wire::oracle::Random;

/// A member and all that it has yet to read, as a plain list.
struct Reader {
    cursor: Cursor,
    unread: VecDeque<Vec<u8>>,
}

const LIMIT: usize = 8 * OVERHEAD;

fn say(log: &mut Log, readers: &mut [Reader], sender: Option<usize>, bytes: &[u8]) {
    if log.room().is_none_or(|room| room < bytes.len()) {
        return;
    }
    for (at, reader) in readers.iter_mut().enumerate() {
        if sender != Some(at) {
            reader.unread.push_back(bytes.to_vec());
        }
    }
    log.append(sender.map(|at| &mut readers[at].cursor), bytes);
}

/// Reads up to `n` bytes of a plain list, and the empty messages behind them.
fn read(unread: &mut VecDeque<Vec<u8>>, mut n: usize) {
    while let Some(first) = unread.front_mut() {
        if n < first.len() {
            first.drain(..n);
            return;
        }
        n -= first.len();
        unread.pop_front();
    }
}

fn check(log: &Log, readers: &[Reader], seed: u64) {
    let mut longest = 0;
    for Reader { cursor, unread } in readers {
        let same = log.ahead(cursor, usize::MAX, u64::MAX).eq(unread);
        assert!(
            same,
            "seed {seed}: what lies ahead of member {}",
            cursor.member
        );
        assert_eq!(
            log.is_behind(cursor),
            !unread.is_empty(),
            "seed {seed}: behind or not"
        );
        let first = log.ahead(cursor, 1, u64::MAX).next();
        assert_eq!(
            first,
            unread.front().map(Vec::as_slice),
            "seed {seed}: the first piece"
        );
        longest = longest.max(log.end() - cursor.place);
    }
    assert_eq!(
        log.len() as u64,
        longest,
        "seed {seed}: chunks that nobody will read"
    );
    let held: usize = log
        .chunks
        .iter()
        .map(|chunk| OVERHEAD + chunk.bytes.len())
        .sum();
    assert!(
        log.held == held && held <= LIMIT,
        "seed {seed}: {held} bytes are held"
    );
}

#[test]
fn every_member_reads_what_a_plain_list_of_its_own_would_hold() {
    for seed in 1..300 {
        let mut random = Random::new(seed);
        let (mut log, mut readers, mut next) = (Log::new(LIMIT), Vec::<Reader>::new(), 0u8);
        for _ in 0..300 {
            let who = random.below(readers.len().max(1));
            match random.below(10) {
                0 if readers.len() < 6 => {
                    readers.push(Reader {
                        cursor: log.join(),
                        unread: VecDeque::new(),
                    });
                }
                1 if !readers.is_empty() => log.leave(readers.swap_remove(who).cursor),
                2..5 => {
                    next = next.wrapping_add(1);
                    let bytes = vec![next; random.below(40)];
                    let sender = (random.below(4) > 0 && who < readers.len()).then_some(who);
                    say(&mut log, &mut readers, sender, &bytes);
                }
                5..7 if who < readers.len() && log.is_behind(&readers[who].cursor) => {
                    let Reader { cursor, unread } = &mut readers[who];
                    unread.pop_front();
                    log.pass(cursor);
                }
                _ if who < readers.len() => {
                    let Reader { cursor, unread } = &mut readers[who];
                    let n = random.below(unread.iter().map(Vec::len).sum::<usize>() + 1);
                    read(unread, n);
                    log.advance(cursor, n);
                }
                _ => {}
            }
            check(&log, &readers, seed);
        }
        for reader in readers {
            log.leave(reader.cursor);
        }
        assert_eq!(
            (log.len(), log.held()),
            (0, 0),
            "seed {seed}: nobody is left to read it"
        );
    }
}

#[test]
fn a_sender_that_never_reads_does_not_hold_its_own_words() {
    let mut log = Log::new(1000);
    let (mut sender, mut reader) = (log.join(), log.join());
    log.append(Some(&mut sender), b"one");
    log.append(Some(&mut sender), b"two");
    assert!(!log.is_behind(&sender) && !log.holds_back(&sender) && log.holds_back(&reader));
    log.advance(&mut reader, 6);
    assert!(
        log.is_empty(),
        "the words were read by all who may hear them"
    );
    log.append(Some(&mut sender), b"three");
    log.leave(reader);
    assert!(log.is_empty(), "the last who could hear them left");
    log.leave(sender);
}

#[test]
fn nothing_is_kept_that_nobody_will_read() {
    let mut log = Log::new(1000);
    log.append(None, b"to the void");
    let mut alone = log.join();
    log.append(Some(&mut alone), b"to oneself");
    assert_eq!((log.len(), log.held()), (0, 0));
    log.leave(alone);
}

#[test]
fn a_flood_of_single_bytes_stays_within_the_limit_and_gives_its_memory_back() {
    let mut log = Log::new(1 << 20);
    let mut slow = log.join();
    while log.room().is_some_and(|room| room >= 1) {
        log.append(None, b"x");
    }
    let real = log.chunks.capacity() * size_of::<Chunk>() + log.len() * 32;
    assert!(
        real <= 1 << 20,
        "{real} bytes of memory for a limit of a mebibyte"
    );
    log.advance(&mut slow, log.len());
    assert!(
        log.chunks.capacity() <= 2 * KEEP,
        "the memory of the flood is still held"
    );
    log.leave(slow);
}

#[test]
fn one_look_ahead_is_bounded_even_among_ones_own_words() {
    let mut log = Log::new(1 << 20);
    let mut talker = log.join();
    let listener = log.join();
    log.append(None, b"first");
    for _ in 0..100 {
        log.append(Some(&mut talker), b"mine");
    }
    log.append(None, b"last");
    assert_eq!(
        log.ahead(&talker, 50, u64::MAX).collect::<Vec<_>>(),
        [b"first"]
    );
    log.advance(&mut talker, 5);
    assert_eq!(
        log.ahead(&talker, 50, u64::MAX).collect::<Vec<_>>(),
        [b"last"]
    );
    log.leave(talker);
    log.leave(listener);
}

#[test]
fn a_member_costs_no_more_than_its_cursor() {
    assert!(
        size_of::<Cursor>() <= 24,
        "{} bytes for each member",
        size_of::<Cursor>()
    );
    let mut log = Log::new(1 << 20);
    let members: Vec<Cursor> = (0..15_000).map(|_| log.join()).collect();
    log.append(None, b"to everybody");
    assert_eq!((log.len(), log.held()), (1, OVERHEAD + 12));
    members.into_iter().for_each(|cursor| log.leave(cursor));
    assert!(log.is_empty(), "everybody has left");
}

#[test]
fn nothing_lies_ahead_beyond_the_place_where_a_member_leaves() {
    let mut log = Log::new(10_000);
    let mut cursor = log.join();
    let _late = {
        log.append(None, b"for all");
        log.join()
    };
    let until = log.end();
    log.append(None, b"for those who stay");
    assert!(!log.has_reached(&cursor, until));
    assert_eq!(
        log.ahead(&cursor, 50, until).collect::<Vec<_>>(),
        [b"for all"]
    );
    log.advance(&mut cursor, 7);
    assert!(log.has_reached(&cursor, until));
    assert_eq!(log.ahead(&cursor, 50, until).count(), 0);
}
