//! Values that are one of a few words: what each stands for, said once.
//!
//! What reads a value looks it up here, and what tells users of all of them has their names from here.

/// The words of a table, in its order.
pub(super) const fn names<T: Copy, const N: usize>(
    table: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut names = [""; N];
    let mut n = 0;
    while n < N {
        names[n] = table[n].0;
        n += 1;
    }
    names
}

/// What a word stands for, if it is in the table.
pub(super) fn meaning<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let (_, meaning) = table.iter().find(|(name, _)| *name == word)?;
    Some(*meaning)
}
