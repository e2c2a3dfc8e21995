//! The numbers of SOCKS5 that both sides say.

/// Opens every message but those of a login.
pub(super) const VERSION: u8 = 5;
/// Opens those.
pub(super) const LOGIN_VERSION: u8 = 1;

/// "Who you are does not matter."
pub(super) const ANYBODY: u8 = 0;
/// "A name and a password."
pub(super) const PASSWORD: u8 = 2;
/// "None of the ways you offer."
pub(super) const NO_WAY: u8 = 0xff;

/// "Connect me to there."
pub(super) const CONNECT: u8 = 1;
/// "Let them connect to me."
pub(super) const BIND: u8 = 2;
/// "Relay datagrams for me."
pub(super) const ASSOCIATE: u8 = 3;

/// "It is done", of a login and of an errand.
pub(super) const SUCCEEDED: u8 = 0;
