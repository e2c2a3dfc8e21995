//! Words for amounts: times, sizes and counts.
//!
//! Promise: a word is understood whole or refused whole, with a sentence that names the option.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::plan::Quit;

/// Times are milliseconds below 2^31: what fits `poll(2)`.
const TIMES: RangeInclusive<f64> = 1.0..=2_147_483_647.0;

/// A bare number was milliseconds once. From this many seconds on it is more likely to be meant so.
const SUSPICIOUS: f64 = 100_000.0;

/// A time above zero. `what` names it in a refusal, such as `-w timeout`.
pub fn time(what: &str, word: &str) -> Result<Duration, String> {
    let (millis, bare) = milliseconds(word).unwrap_or_default();
    if !TIMES.contains(&millis) {
        let rule = "must be greater than 0 and less than 2147483s";
        return Err(format!("Invalid {what} \"{word}\" ({rule})."));
    }
    if bare && millis >= SUSPICIOUS {
        let minutes = millis / 60_000.0;
        return Err(format!(
            "Since April 2010, the default unit for {what} is seconds, so your time of \"{word}\" \
             is {minutes:.1} minutes. Use \"{word}ms\" for {word} milliseconds."
        ));
    }
    Ok(Duration::from_millis(millis as u64))
}

/// The time of `-q`: a negative one means never.
pub fn quit(word: &str) -> Result<Quit, String> {
    match milliseconds(word) {
        Some((millis, _)) if TIMES.contains(&-millis) => Ok(Quit::Never),
        Some((millis, _)) if TIMES.contains(&millis) => time("-q timeout", word).map(Quit::After),
        _ => {
            let rule = "must not be 0, and less than 2147483s either way";
            Err(format!("Invalid -q timeout \"{word}\" ({rule})."))
        }
    }
}

/// Whole milliseconds, and whether no unit was given.
fn milliseconds(word: &str) -> Option<(f64, bool)> {
    let (number, unit) = split_number(word);
    let scale = match unit.to_ascii_lowercase().as_str() {
        "ms" => 1.0,
        "" | "s" => 1_000.0,
        "m" => 60_000.0,
        "h" => 3_600_000.0,
        _ => return None,
    };
    let number: f64 = number.parse().ok()?;
    Some(((number * scale).trunc(), unit.is_empty()))
}

/// Splits after the longest decimal number that `strtod` would take; leading blanks are dropped.
/// (Its hexadecimal and named numbers are nobody's idea of a time, and are left to be refused.)
fn split_number(word: &str) -> (&str, &str) {
    let word = word.trim_start_matches(is_blank);
    let digits = |from: usize| from + count_digits(&word[from..]);
    let sign = usize::from(word.starts_with(['+', '-']));
    let mut end = digits(sign);
    if word[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if word[end..].starts_with(['e', 'E']) {
        let sign = usize::from(word[end + 1..].starts_with(['+', '-']));
        let exponent = end + 1 + sign;
        if digits(exponent) > exponent {
            end = digits(exponent);
        }
    }
    word.split_at(end)
}

fn count_digits(word: &str) -> usize {
    word.bytes().take_while(u8::is_ascii_digit).count()
}

/// What C's `isspace` calls a blank.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// An unsigned number as `strtoul` reads it: leading blanks, one `+`, and nothing at all is 0.
pub fn unsigned(word: &str) -> Option<u64> {
    if word.is_empty() {
        return Some(0);
    }
    let digits = word.trim_start_matches(is_blank);
    let digits = digits.strip_prefix('+').unwrap_or(digits);
    if digits.is_empty() || count_digits(digits) < digits.len() {
        return None;
    }
    digits.parse().ok()
}

/// A number as `atoi` reads it: what follows the digits is ignored, and a word without digits is
/// 0. Numbers too large stay at the limit instead of changing their sign.
pub fn lenient(word: &str) -> i32 {
    let word = word.trim_start_matches(is_blank);
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let digits = &digits[..count_digits(digits)];
    let size = match digits.is_empty() {
        true => 0,
        false => digits.parse().unwrap_or(i32::MAX),
    };
    if negative { -size } else { size }
}

/// A number of bytes: `65536`, `64K`, `16M`, `1G`.
pub fn size(what: &str, word: &str, within: RangeInclusive<usize>) -> Result<usize, String> {
    bytes(word)
        .filter(|size| within.contains(size))
        .ok_or_else(|| {
            let (least, most) = (within.start(), within.end());
            format!(
                "Invalid {what} \"{word}\" (must be from {least} to {most} bytes; K, M and G are \
                 understood)."
            )
        })
}

fn bytes(word: &str) -> Option<usize> {
    let (digits, unit) = word.split_at(count_digits(word));
    let shift = match unit {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_decimal_number_with_a_unit_of_any_case() {
        let cases = [
            ("5", 5_000),
            ("0.5", 500),
            (".5", 500),
            ("5.", 5_000),
            ("1e1", 10_000),
            ("1E+1s", 10_000),
            ("1e-1", 100),
            (" 5", 5_000),
            ("+5", 5_000),
            ("99ms", 99),
            ("1.9ms", 1),
            ("1MS", 1),
            ("100s", 100_000),
            ("2m", 120_000),
            ("1H", 3_600_000),
            ("596h", 2_145_600_000),
            ("2147483647ms", 2_147_483_647),
            ("99.999", 99_999),
        ];
        for (word, millis) in cases {
            let time = time("-w timeout", word);
            let wanted = Duration::from_millis(millis);
            assert_eq!(time, Ok(wanted), "time {word:?} is misread");
        }
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        let cases = [
            "",
            "x",
            "0",
            "0s",
            "-1",
            "-0",
            "0.9ms",
            "0.0004",
            "1e-5",
            "5 ",
            "5sx",
            "1d",
            "e5",
            ".",
            "-",
            "+",
            "1e",
            "1e+",
            "1,5",
            "inf",
            "nan",
            "0x10",
            "1e400",
            "597h",
            "2147484s",
            "2147483648ms",
            "5 s",
            "99999999",
            "é",
            "1é",
        ];
        for word in cases {
            let refusal = time("-d delay", word).expect_err(word);
            let start = format!("Invalid -d delay \"{word}\" (must be greater than 0");
            assert!(refusal.starts_with(&start), "{word:?}: {refusal}");
        }
    }

    #[test]
    fn a_large_number_without_a_unit_is_suspected_to_be_milliseconds() {
        for word in ["100", "1e2", "100.0", "99999"] {
            let refusal = time("-i timeout", word).expect_err(word);
            let hint = format!("Use \"{word}ms\" for {word} milliseconds.");
            assert!(refusal.contains(&hint), "{word:?}: {refusal}");
        }
        let refusal = time("-i timeout", "100").expect_err("100 has no unit");
        assert!(refusal.contains("is 1.7 minutes"), "{refusal}");
    }

    #[test]
    fn a_negative_time_means_never_for_quitting_only() {
        let after = |millis| Ok(Quit::After(Duration::from_millis(millis)));
        assert_eq!(quit("1"), after(1_000), "a plain time");
        assert_eq!(quit("-1"), Ok(Quit::Never), "a negative time");
        assert_eq!(
            quit("-1000"),
            Ok(Quit::Never),
            "never has no unit to mistake"
        );
        for word in ["0", "-0", "0.1ms", "x", "100", "-597h", "597h"] {
            assert!(quit(word).is_err(), "-q {word:?} is accepted");
        }
    }

    #[test]
    fn unsigned_numbers_follow_strtoul() {
        let cases = [
            ("", Some(0)),
            ("0", Some(0)),
            (" 5", Some(5)),
            ("\t\n+5", Some(5)),
            ("00080", Some(80)),
            ("99999", Some(99_999)),
            ("99999999999999999999", None),
            (" ", None),
            ("+", None),
            ("++5", None),
            ("-1", None),
            ("5 ", None),
            ("5x", None),
            ("0x10", None),
        ];
        for (word, wanted) in cases {
            assert_eq!(unsigned(word), wanted, "number {word:?}");
        }
    }

    #[test]
    fn lenient_numbers_follow_atoi_but_for_overflow() {
        let cases = [
            ("", 0),
            ("x", 0),
            ("5x", 5),
            (" +5", 5),
            ("-1", -1),
            ("-2", -2),
            ("--2", 0),
            ("99999999999", i32::MAX),
            ("-99999999999", -i32::MAX),
        ];
        for (word, wanted) in cases {
            assert_eq!(lenient(word), wanted, "number {word:?}");
        }
    }

    #[test]
    fn sizes_take_binary_units_and_keep_to_their_range() {
        let cases = [
            ("1", Some(1)),
            ("65536", Some(65_536)),
            ("64K", Some(65_536)),
            ("16m", Some(16 << 20)),
            ("1G", Some(1 << 30)),
            ("2G", None),
            ("0", None),
            ("", None),
            ("K", None),
            ("-1", None),
            ("1.5M", None),
            ("1KB", None),
            ("99999999999G", None),
        ];
        for (word, wanted) in cases {
            let size = size("--max-queue size", word, 1..=1 << 30);
            assert_eq!(size.ok(), wanted, "size {word:?}");
        }
    }
}
