//! Alerts: how a side says goodbye, or why it will not go on.

/// "I shall say no more."
pub(super) const CLOSE_NOTIFY: u8 = 0;
pub(super) const UNEXPECTED_MESSAGE: u8 = 10;
pub(super) const HANDSHAKE_FAILURE: u8 = 40;
pub(super) const BAD_CERTIFICATE: u8 = 42;
pub(super) const ILLEGAL_PARAMETER: u8 = 47;
pub(super) const DECODE_ERROR: u8 = 50;
pub(super) const DECRYPT_ERROR: u8 = 51;
pub(super) const PROTOCOL_VERSION: u8 = 70;
pub(super) const INTERNAL_ERROR: u8 = 80;
pub(super) const NO_APPLICATION_PROTOCOL: u8 = 120;

/// Worth a word, no more.
pub(super) const WARNING: u8 = 1;
/// The end.
pub(super) const FATAL: u8 = 2;

/// What an alert that ends a session says, for a person.
pub(super) fn words(alert: u8) -> String {
    let reason = match alert {
        CLOSE_NOTIFY => "it hung up",
        UNEXPECTED_MESSAGE => "unexpected message",
        20 => "bad record",
        HANDSHAKE_FAILURE => "handshake failure, so nothing in common perhaps",
        BAD_CERTIFICATE => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        ILLEGAL_PARAMETER => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        DECODE_ERROR => "decode error",
        DECRYPT_ERROR => "decrypt error",
        PROTOCOL_VERSION => "protocol version",
        71 => "insufficient security",
        INTERNAL_ERROR => "internal error",
        90 => "canceled by its user",
        112 => "unrecognized name",
        116 => "a certificate is required",
        NO_APPLICATION_PROTOCOL => "no application protocol in common",
        _ => return format!("the peer refused: alert {alert}"),
    };
    format!("the peer refused: {reason}")
}
