//! The first messages: what a client offers, what a server chose, and the question in between.

use super::bytes::{Reader, put_bytes, put_list, put_u16};
use super::record::{DTLS10, DTLS12};

/// In a list of suites: "I know that renegotiation can be secured" (RFC 5746).
const SECURE_RENEGOTIATION: u16 = 0x00ff;

/// Extensions by their numbers.
const SERVER_NAME: u16 = 0;
const GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SCHEMES: u16 = 13;
const ALPN: u16 = 16;
const EXTENDED_MASTER: u16 = 23;
const RENEGOTIATION: u16 = 0xff01;

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    pub(super) version: u16,
    pub(super) random: [u8; 32],
    pub(super) session: Vec<u8>,
    pub(super) cookie: Vec<u8>,
    pub(super) suites: Vec<u16>,
    pub(super) compressions: Vec<u8>,
    /// Whom it asks for, if it says so. Written, and never read.
    pub(super) name: Option<String>,
    pub(super) offers: Offers,
}

/// What either side says in extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) groups: Vec<u16>,
    pub(super) schemes: Vec<u16>,
    pub(super) alpn: Vec<Vec<u8>>,
    /// RFC 7627: the secret depends on the whole conversation.
    pub(super) extended_master: bool,
    /// RFC 5746: renegotiation, which there never is, would be secured.
    pub(super) renegotiation: bool,
}

impl ClientHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let mut hello = Self {
            version: reader.u16()?,
            random: reader.random()?,
            session: reader.list::<1>()?.to_vec(),
            cookie: reader.list::<1>()?.to_vec(),
            suites: reader.numbers()?,
            compressions: reader.list::<1>()?.to_vec(),
            name: None,
            offers: Offers::read(reader)?,
        };
        hello.offers.renegotiation |= hello.suites.contains(&SECURE_RENEGOTIATION);
        Some(hello)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, self.version);
        out.extend(self.random);
        put_bytes::<1>(&mut out, &self.session);
        put_bytes::<1>(&mut out, &self.cookie);
        put_numbers(&mut out, self.suites.iter().chain([&SECURE_RENEGOTIATION]));
        put_bytes::<1>(&mut out, &self.compressions);
        put_list::<2>(&mut out, |out| {
            if let Some(name) = &self.name {
                put_extension(out, SERVER_NAME, |out| {
                    put_list::<2>(out, |out| {
                        out.push(0);
                        put_bytes::<2>(out, name.as_bytes());
                    });
                });
            }
            put_extension(out, GROUPS, |out| {
                put_numbers(out, self.offers.groups.iter())
            });
            put_extension(out, POINT_FORMATS, |out| put_bytes::<1>(out, &[0]));
            put_extension(out, SCHEMES, |out| {
                put_numbers(out, self.offers.schemes.iter())
            });
            put_extension(out, EXTENDED_MASTER, |_| {});
            put_alpn(out, &self.offers.alpn);
        });
        out
    }
}

/// What a server chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerHello {
    pub(super) version: u16,
    pub(super) random: [u8; 32],
    pub(super) suite: u16,
    pub(super) offers: Offers,
}

impl ServerHello {
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let (version, random) = (reader.u16()?, reader.random()?);
        reader.list::<1>()?; // the name of a session that we shall not resume
        let (suite, compression) = (reader.u16()?, reader.u8()?);
        let hello = Self {
            version,
            random,
            suite,
            offers: Offers::read(reader)?,
        };
        (compression == 0).then_some(hello)
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, self.version);
        out.extend(self.random);
        out.push(0);
        put_u16(&mut out, self.suite);
        out.push(0);
        put_list::<2>(&mut out, |out| {
            if self.offers.renegotiation {
                put_extension(out, RENEGOTIATION, |out| put_bytes::<1>(out, &[]));
            }
            put_extension(out, POINT_FORMATS, |out| put_bytes::<1>(out, &[0]));
            if self.offers.extended_master {
                put_extension(out, EXTENDED_MASTER, |_| {});
            }
            put_alpn(out, &self.offers.alpn);
        });
        out
    }
}

impl Offers {
    /// What stands behind the rest of a hello; it may be nothing. What is not known is passed over.
    fn read(mut reader: Reader<'_>) -> Option<Self> {
        let mut offers = Self::default();
        if reader.is_empty() {
            return Some(offers);
        }
        let mut list = Reader(reader.list::<2>()?);
        reader.end()?;
        while !list.is_empty() {
            let (number, mut body) = (list.u16()?, Reader(list.list::<2>()?));
            match number {
                GROUPS => offers.groups = body.numbers()?,
                SCHEMES => offers.schemes = body.numbers()?,
                ALPN => offers.alpn = read_alpn(body)?,
                EXTENDED_MASTER => offers.extended_master = true,
                RENEGOTIATION => offers.renegotiation = (body.0 == [0]).then_some(true)?,
                _ => {}
            }
        }
        Some(offers)
    }
}

fn read_alpn(mut body: Reader<'_>) -> Option<Vec<Vec<u8>>> {
    let mut list = Reader(body.list::<2>()?);
    let mut protocols = Vec::new();
    while !list.is_empty() {
        protocols.push(list.list::<1>()?.to_vec());
    }
    Some(protocols)
}

fn put_alpn(out: &mut Vec<u8>, protocols: &[Vec<u8>]) {
    if protocols.is_empty() {
        return;
    }
    put_extension(out, ALPN, |out| {
        put_list::<2>(out, |out| {
            for protocol in protocols {
                put_bytes::<1>(out, protocol);
            }
        });
    });
}

fn put_extension(out: &mut Vec<u8>, number: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    put_u16(out, number);
    put_list::<2>(out, fill);
}

fn put_numbers<'a>(out: &mut Vec<u8>, numbers: impl Iterator<Item = &'a u16>) {
    put_list::<2>(out, |out| numbers.for_each(|&number| put_u16(out, number)));
}

/// "Say that again, with this cookie." Its version is 1.0 whatever will be agreed on (RFC 6347, 4.2.1).
pub(super) fn write_verify(cookie: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_u16(&mut out, DTLS10);
    put_bytes::<1>(&mut out, cookie);
    out
}

/// The cookie in such a request.
pub(super) fn read_verify(body: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader(body);
    reader.u16()?;
    let cookie = reader.list::<1>()?;
    reader.end().map(|()| cookie)
}

/// Whether a client that says this can speak version 1.2: versions count down.
pub(super) fn speaks_12(version: u16) -> bool {
    version >> 8 == 0xfe && version <= DTLS12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers() -> Offers {
        Offers {
            groups: vec![29, 23],
            schemes: vec![0x0403, 0x0804],
            alpn: vec![b"h2".to_vec(), b"x".to_vec()],
            extended_master: true,
            renegotiation: true,
        }
    }

    #[test]
    fn a_client_hello_is_read_as_it_was_written() {
        let hello = ClientHello {
            version: DTLS12,
            random: [7; 32],
            cookie: vec![1; 32],
            suites: vec![0xc02b],
            compressions: vec![0],
            offers: offers(),
            ..ClientHello::default()
        };
        let bytes = hello.write();
        let mut read = ClientHello::read(&bytes).expect("a hello");
        assert_eq!(read.suites.pop(), Some(SECURE_RENEGOTIATION));
        assert_eq!(read, hello);
        let named = ClientHello {
            name: Some("a.example".into()),
            ..hello
        };
        assert_eq!(
            ClientHello::read(&named.write()).map(|read| read.offers),
            Some(offers())
        );
        for cut in 0..bytes.len() {
            // Extensions may be missing as a whole, and only so.
            let whole =
                ClientHello::read(&bytes[..cut]).is_none_or(|read| read.offers.groups.is_empty());
            assert!(whole, "cut at {cut}");
        }
    }

    #[test]
    fn a_server_hello_is_read_as_it_was_written() {
        let hello = ServerHello {
            version: DTLS12,
            random: [9; 32],
            suite: 0xc02b,
            offers: Offers {
                groups: Vec::new(),
                schemes: Vec::new(),
                ..offers()
            },
        };
        assert_eq!(ServerHello::read(&hello.write()), Some(hello));
    }

    #[test]
    fn versions_count_down() {
        assert!(speaks_12(DTLS12) && speaks_12(0xfefc));
        assert!(!speaks_12(DTLS10) && !speaks_12(0x0303));
    }
}
