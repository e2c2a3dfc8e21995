//! Who asks, and how that is proved (RFC 9110 section 11, RFC 7616 and 2617 for Digest, RFC 7617 for Basic).
//!
//! ```text
//! fields   the words of challenges and of credentials
//! digest   what proves a password without telling it
//! login    a client that is asked for a name: what it learnt of its proxy
//! warden   a proxy that asks for one
//! ```

mod digest;
mod fields;
mod login;
mod warden;

pub use login::{Authorization, Login};
pub use warden::{Judgement, Warden};

/// The name of the scheme that tells the password, in small letters as all schemes are compared.
const BASIC: &str = "basic";
/// The name of the scheme that does not.
const DIGEST: &str = "digest";
/// The only quality of protection that we know: of who asks, not of what is sent.
const AUTH: &[u8] = b"auth";
