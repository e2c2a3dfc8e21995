//! The little of DER that is needed to cut a certificate where the library's arithmetic wants it cut.

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const BIT_STRING: u8 = 0x03;

/// The first value and what follows it; none if it is cut short or of another kind.
pub(super) fn split(kind: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[tag, length], rest) = der.split_first_chunk()?;
    if tag != kind {
        return None;
    }
    let digits = match length {
        0..=0x7f => return rest.split_at_checked(usize::from(length)),
        // Sixteen megabytes are more than any handshake brings.
        0x81..=0x83 => usize::from(length & 3),
        _ => return None,
    };
    let (digits, rest) = rest.split_at_checked(digits)?;
    let length = digits
        .iter()
        .fold(0, |sum, &digit| sum << 8 | usize::from(digit));
    rest.split_at_checked(length)
}

/// What is in the only value there is.
pub(super) fn only(kind: u8, der: &[u8]) -> Option<&[u8]> {
    split(kind, der).and_then(|(value, rest)| rest.is_empty().then_some(value))
}

/// What is in a string of whole bytes, the only value there is.
pub(super) fn bits(der: &[u8]) -> Option<&[u8]> {
    match only(BIT_STRING, der)?.split_first()? {
        (0, bytes) => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_where_they_say_they_end() {
        let long: Vec<u8> = [&[0x30, 0x82, 1, 0][..], &[7; 256], &[9]].concat();
        for (der, expected) in [
            (&[0x30, 1, 5, 6][..], Some((&[5][..], &[6][..]))),
            (&[0x30, 0], Some((&[], &[]))),
            (&[0x30, 0x81, 1, 5], Some((&[5], &[]))),
            (&long, Some((&[7; 256], &[9]))),
            (&[0x30, 2, 5], None),
            (&[0x30], None),
            (&[], None),
            (&[0x31, 1, 5], None),
            (&[0x30, 0x80, 5, 0, 0], None),
            (&[0x30, 0x84, 0, 0, 0, 1, 5], None),
            (&[0x30, 0x82, 1], None),
        ] {
            assert_eq!(split(SEQUENCE, der), expected, "{der:02x?}");
        }
        assert_eq!(only(SEQUENCE, &[0x30, 1, 5, 6]), None, "something follows");
        assert_eq!(bits(&[3, 2, 0, 5]), Some(&[5][..]), "whole bytes");
        assert_eq!(bits(&[3, 2, 1, 4]), None, "seven bits");
        assert_eq!(bits(&[3, 0]), None, "not even a count");
    }
}
