//! The fields of a head: which are for the next hop only, and what they say of the body behind them.

use std::collections::HashSet;

use httparse::Header;

/// Fields that are about one connection, and not about what passes it.
const FOR_ONE_HOP: [&str; 10] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];
/// Fields that `Connection` cannot take away: without them a message is another one.
const FRAMING: [&str; 2] = ["content-length", "host"];

/// The fields of one head.
#[derive(Clone, Copy)]
pub(super) struct Fields<'h, 'b>(pub(super) &'h [Header<'b>]);

/// What a head says of the body behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Nothing.
    Unsaid,
    Exactly(u64),
    Chunked,
}

/// There is more than one way to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

impl<'h, 'b> Fields<'h, 'b> {
    /// The values of all fields of that name.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        let named = move |field: &&Header<'_>| field.name.eq_ignore_ascii_case(name);
        self.0.iter().filter(named).map(|field| field.value)
    }

    /// The value of the only field of that name.
    ///
    /// # Errors
    /// There are more of them.
    pub(super) fn only(self, name: &str) -> Result<Option<&'b [u8]>, Ambiguous> {
        let mut all = self.all(name);
        let first = all.next();
        match all.next() {
            Some(_) => Err(Ambiguous),
            None => Ok(first),
        }
    }

    /// Whether a field of that name lists that word.
    pub(super) fn list(self, name: &str, word: &str) -> bool {
        self.listed(name)
            .any(|listed| listed.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn listed(self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        let words = |value: &'b [u8]| value.split(|&c| c == b',').map(<[u8]>::trim_ascii);
        self.all(name).flat_map(words)
    }

    /// What is said of the body in a message of HTTP/1.`minor`.
    ///
    /// # Errors
    /// It is said twice, or not in the one way that everybody understands.
    pub(super) fn length(self, minor: u8) -> Result<Length, Ambiguous> {
        let coding = self.only("transfer-encoding")?;
        let length = self.only("content-length")?;
        match (coding, length) {
            (None, None) => Ok(Length::Unsaid),
            (None, Some(digits)) => number(digits).map(Length::Exactly).ok_or(Ambiguous),
            (Some(b"chunked"), None) if minor > 0 => Ok(Length::Chunked),
            (Some(_), _) => Err(Ambiguous),
        }
    }

    /// Those for whoever is behind the next hop, in order, but for the length: framing is ours to say.
    pub(super) fn onward(self) -> impl Iterator<Item = &'h Header<'b>> {
        let named = self.listed("connection");
        let mut dropped: HashSet<Vec<u8>> = named.map(<[u8]>::to_ascii_lowercase).collect();
        for name in FRAMING {
            dropped.remove(name.as_bytes());
        }
        dropped.extend(FOR_ONE_HOP.map(Into::into));
        dropped.insert(b"content-length".into());
        let stays = move |field: &&Header<'_>| {
            !dropped.contains(&field.name.as_bytes().to_ascii_lowercase())
        };
        self.0.iter().filter(stays)
    }
}

/// Adds `name: value` to a head.
pub(super) fn write(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    head.extend_from_slice(name.as_bytes());
    head.extend_from_slice(b": ");
    head.extend_from_slice(value);
    head.extend_from_slice(b"\r\n");
}

/// A length, in digits and nothing else.
fn number(digits: &[u8]) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| all_digits)?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and values, the version, and what they say of a body.
    type Case<'a> = (&'a [(&'a str, &'a str)], u8, Result<Length, Ambiguous>);

    fn field<'a>(name: &'a str, value: &'a str) -> Header<'a> {
        let value = value.as_bytes();
        Header { name, value }
    }

    #[test]
    fn fields_for_one_hop_and_those_it_names_stay_behind() {
        let fields = [
            field("Host", "h"),
            field("connection", "X-One, host ,,CONTENT-LENGTH"),
            field("Connection", "x-two"),
            field("Content-Length", "1"),
            field("x-one", "1"),
            field("X-TWO", "2"),
            field("X-Three", "3"),
            field("Upgrade", "h2c"),
            field("Proxy-Connection", "keep-alive"),
        ];
        let names: Vec<&str> = Fields(&fields).onward().map(|field| field.name).collect();
        assert_eq!(names, ["Host", "X-Three"]);
    }

    #[test]
    fn a_body_has_one_length_that_everybody_reads_alike() {
        const TE: &str = "Transfer-Encoding";
        const CL: &str = "content-length";
        let cases: &[Case] = &[
            (&[], 1, Ok(Length::Unsaid)),
            (&[(CL, "5")], 1, Ok(Length::Exactly(5))),
            (&[(CL, "007")], 1, Ok(Length::Exactly(7))),
            (
                &[(CL, "18446744073709551615")],
                0,
                Ok(Length::Exactly(u64::MAX)),
            ),
            (&[(TE, "chunked")], 1, Ok(Length::Chunked)),
            (&[(TE, "chunked")], 0, Err(Ambiguous)),
            (&[(TE, "Chunked")], 1, Err(Ambiguous)),
            (&[(TE, "chunked,")], 1, Err(Ambiguous)),
            (&[(TE, ",chunked")], 1, Err(Ambiguous)),
            (&[(TE, "chun\tked")], 1, Err(Ambiguous)),
            (&[(TE, "chunked\tx")], 1, Err(Ambiguous)),
            (&[(TE, "chunked;a")], 1, Err(Ambiguous)),
            (&[(TE, "gzip, chunked")], 1, Err(Ambiguous)),
            (&[(TE, "chunked, chunked")], 1, Err(Ambiguous)),
            (&[(TE, "identity")], 1, Err(Ambiguous)),
            (&[(TE, "")], 1, Err(Ambiguous)),
            (&[(TE, "chunked"), (TE, "chunked")], 1, Err(Ambiguous)),
            (&[(TE, "chunked"), (CL, "5")], 1, Err(Ambiguous)),
            (&[(CL, "5"), (CL, "5")], 1, Err(Ambiguous)),
            (&[(CL, "5, 5")], 1, Err(Ambiguous)),
            (&[(CL, "+5")], 1, Err(Ambiguous)),
            (&[(CL, "-5")], 1, Err(Ambiguous)),
            (&[(CL, "0x5")], 1, Err(Ambiguous)),
            (&[(CL, "5 ")], 1, Err(Ambiguous)),
            (&[(CL, "")], 1, Err(Ambiguous)),
            (&[(CL, "18446744073709551616")], 1, Err(Ambiguous)),
        ];
        for &(said, minor, ref wanted) in cases {
            let fields: Vec<_> = said
                .iter()
                .map(|&(name, value)| field(name, value))
                .collect();
            let read = Fields(&fields).length(minor);
            assert_eq!(read, *wanted, "{said:?} in HTTP/1.{minor}");
        }
    }
}
