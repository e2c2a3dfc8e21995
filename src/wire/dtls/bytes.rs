//! Numbers and lists with their lengths before them, as TLS writes them: read and written.

/// What is left to read. Every step is `None` when the bytes end too soon.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of `N` bytes.
    fn number<const N: usize>(&mut self) -> Option<usize> {
        let bytes = self.take(N)?;
        Some(bytes.iter().fold(0, |n, &byte| n << 8 | usize::from(byte)))
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        self.number::<3>()
    }

    pub(super) fn random(&mut self) -> Option<[u8; 32]> {
        self.take(32)?.try_into().ok()
    }

    /// A list whose length is a number of `N` bytes.
    pub(super) fn list<const N: usize>(&mut self) -> Option<&'a [u8]> {
        let length = self.number::<N>()?;
        self.take(length)
    }

    /// A list of numbers of two bytes.
    pub(super) fn numbers(&mut self) -> Option<Vec<u16>> {
        let (pairs, rest) = self.list::<2>()?.as_chunks();
        rest.is_empty()
            .then(|| pairs.iter().copied().map(u16::from_be_bytes).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Appends a list with its length of `N` bytes before it.
pub(super) fn put_list<const N: usize>(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.extend([0; N]);
    fill(out);
    let length = (out.len() - at - N).to_be_bytes();
    out[at..at + N].copy_from_slice(&length[length.len() - N..]);
}

/// Appends bytes with their length of `N` bytes before them.
pub(super) fn put_bytes<const N: usize>(out: &mut Vec<u8>, bytes: &[u8]) {
    put_list::<N>(out, |out| out.extend(bytes));
}

pub(super) fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_be_bytes());
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let differ = a.iter().zip(b).fold(0, |sum, (a, b)| sum | a ^ b);
    a.len() == b.len() && std::hint::black_box(differ) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_not_a_byte_more() {
        let mut out = Vec::new();
        put_u16(&mut out, 0xfefd);
        put_list::<3>(&mut out, |out| put_bytes::<1>(out, b"abc"));
        let mut reader = Reader(&out);
        assert_eq!(reader.u16(), Some(0xfefd));
        assert_eq!(reader.list::<3>(), Some(&b"\x03abc"[..]));
        assert_eq!(reader.end(), Some(()));
        assert_eq!(reader.u8(), None);
        for cut in 0..out.len() {
            let mut reader = Reader(&out[..cut]);
            let read = reader.u16().and_then(|_| reader.list::<3>());
            assert_eq!(read, None, "cut at {cut}");
        }
    }

    #[test]
    fn secrets_differ_in_any_byte_and_in_length() {
        assert!(same(b"abc", b"abc"));
        for other in [&b"abd"[..], b"xbc", b"ab", b"abcd", b""] {
            assert!(!same(b"abc", other), "{other:?}");
        }
    }
}
