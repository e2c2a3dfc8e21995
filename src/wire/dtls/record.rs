//! Records as they lie in datagrams: thirteen bytes of header, then a body that may be sealed.

use super::bytes::Reader;

/// Type, version, epoch, number and length.
pub(super) const HEADER: usize = 13;

/// "The next record comes sealed." The epoch says so too, so it is sent and not listened to.
pub(super) const CHANGE_CIPHER: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION: u8 = 23;

/// What version 1.2 is called on the wire, where versions count down from 1.0.
pub(super) const DTLS12: u16 = 0xfefd;
/// Version 1.0, which opens a conversation whatever it will agree on.
pub(super) const DTLS10: u16 = 0xfeff;

/// The most a record may carry.
pub(super) const LARGEST: usize = 1 << 14;

/// One record.
pub(super) struct Record<'a> {
    pub(super) kind: u8,
    pub(super) version: u16,
    /// The epoch in its upper 16 bits, and below it the place in that epoch.
    pub(super) number: u64,
    pub(super) body: &'a mut [u8],
}

impl Record<'_> {
    pub(super) fn epoch(&self) -> u16 {
        (self.number >> 48) as u16
    }
}

/// Takes the first record off a datagram. `None` where there is none: what follows is no use either.
pub(super) fn split(datagram: &mut [u8]) -> Option<(Record<'_>, &mut [u8])> {
    let (header, rest) = datagram.split_at_mut_checked(HEADER)?;
    let mut reader = Reader(header);
    let (kind, version) = (reader.u8()?, reader.u16()?);
    let number = u64::from_be_bytes(reader.take(8)?.try_into().ok()?);
    let (body, rest) = rest.split_at_mut_checked(reader.u16()?.into())?;
    let record = Record {
        kind,
        version,
        number,
        body,
    };
    (version >> 8 == 0xfe).then_some((record, rest))
}

/// The header of a record whose body is `length` long.
pub(super) fn header(kind: u8, version: u16, number: u64, length: usize) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    header[0] = kind;
    header[1..3].copy_from_slice(&version.to_be_bytes());
    header[3..11].copy_from_slice(&number.to_be_bytes());
    header[11..].copy_from_slice(&(length as u16).to_be_bytes());
    header
}
