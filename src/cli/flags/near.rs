//! The option that somebody meant who has mistyped a name.

use super::{Flag, Section, all};

/// So many letters may be wrong, missing, too many or exchanged in a name; in a short one it is less, or half
/// of all names would be near.
const MOST_WRONG: usize = 2;
const SHORT: usize = 6;

/// The one option whose name is nearest to `--name` or `--name=value`; none if several are.
pub(in crate::cli) fn near(arg: &str) -> Option<&'static Flag> {
    let name = arg.trim_start_matches('-').split('=').next()?;
    let most = match name.len() {
        0..SHORT => 1,
        _ => MOST_WRONG,
    };
    let named = all().filter(|flag| flag.long.len() > 1 && flag.section != Section::Hidden);
    let distances = named.map(|flag| (distance(name.as_bytes(), flag.long.as_bytes()), flag));
    let near: Vec<_> = distances.filter(|(wrong, _)| *wrong <= most).collect();
    let least = near.iter().map(|(wrong, _)| *wrong).min()?;
    let mut nearest = near.iter().filter(|(wrong, _)| *wrong == least);
    match (nearest.next(), nearest.next()) {
        (Some((_, flag)), None) => Some(flag),
        _ => None,
    }
}

/// How many letters must be put in, taken out, changed, or exchanged with their neighbour.
fn distance(a: &[u8], b: &[u8]) -> usize {
    // More wrong letters than are allowed: nobody needs the number, and whoever types a megabyte no table of it.
    if a.len().abs_diff(b.len()) > MOST_WRONG {
        return MOST_WRONG + 1;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, n) | (n, 0) => n,
                _ => step(&rows, a, b, (i, j)),
            };
        }
    }
    rows[a.len()][b.len()]
}

fn step(rows: &[Vec<usize>], a: &[u8], b: &[u8], (i, j): (usize, usize)) -> usize {
    let changed = usize::from(a[i - 1] != b[j - 1]);
    let least = (rows[i - 1][j] + 1)
        .min(rows[i][j - 1] + 1)
        .min(rows[i - 1][j - 1] + changed);
    let exchanged = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
    match exchanged {
        true => least.min(rows[i - 2][j - 2] + 1),
        false => least,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_name_is_near_one_option_or_none() {
        for (typed, meant) in [
            ("--ssl-verfy", Some("ssl-verify")),
            ("--ssl-vreify=x", Some("ssl-verify")),
            ("--lisetn", Some("listen")),
            ("--keepopen", Some("keep-open")),
            ("--brooker", Some("broker")),
            ("--exce", Some("exec")),
            ("--ss", Some("ssl")),
            ("--", None),
            ("--nothing-like-it", None),
            // As near to --allow as it can be, and to no other.
            ("--alow", Some("allow")),
            // One letter from both.
            ("--ssl-mn-version", Some("ssl-min-version")),
            ("--ssl-m-version", None),
        ] {
            assert_eq!(near(typed).map(|flag| flag.long), meant, "{typed}");
        }
        assert!(near(&"-".repeat(1 << 20)).is_none(), "dashes only");
        assert!(near(&"x".repeat(1 << 20)).is_none(), "a long name");
    }
}
