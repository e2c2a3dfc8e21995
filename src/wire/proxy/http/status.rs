//! What the client is told when we answer ourselves.

use super::request::Client;
use crate::wire::Miss;

/// A status and its phrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status(pub(super) u16, &'static str);

pub(super) const BAD_REQUEST: Status = Status(400, "Bad Request");
const FORBIDDEN: Status = Status(403, "Forbidden");
pub(super) const METHOD_NOT_ALLOWED: Status = Status(405, "Method Not Allowed");
pub(super) const AUTHENTICATION_REQUIRED: Status = Status(407, "Proxy Authentication Required");
pub(super) const TOO_LARGE: Status = Status(413, "Request Entity Too Large");
const INTERNAL_SERVER_ERROR: Status = Status(500, "Internal Server Error");
pub(super) const BAD_GATEWAY: Status = Status(502, "Bad Gateway");
const GATEWAY_TIMEOUT: Status = Status(504, "Gateway Timeout");

impl From<Miss> for Status {
    /// Whatever keeps us from a target is 504, as clients of the reference know it.
    fn from(miss: Miss) -> Self {
        match miss {
            Miss::Denied | Miss::Loop => FORBIDDEN,
            Miss::Unresolvable
            | Miss::Refused
            | Miss::NetworkUnreachable
            | Miss::HostUnreachable
            | Miss::TimedOut => GATEWAY_TIMEOUT,
            Miss::Failed => INTERNAL_SERVER_ERROR,
        }
    }
}

impl Status {
    /// The whole response, with `lines` of our own in it and no body.
    pub(super) fn response(self, lines: &[String], client: Client) -> Vec<u8> {
        let Self(number, phrase) = self;
        let mut text = format!("HTTP/1.1 {number} {phrase}\r\n");
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("Content-Length: 0\r\n");
        text.push_str(client.connection_line());
        text.push_str("\r\n");
        text.into_bytes()
    }
}
