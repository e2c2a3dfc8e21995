//! What the user wants to see of a transfer, and how fast it may go.

/// Long transfers: watched, limited and compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// `--progress`.
    pub progress: Option<Progress>,
    /// `--size`: how many bytes are to pass.
    pub size: Option<u64>,
    /// `--rate-limit`: bytes a second, each way of each connection.
    pub rate: Option<u64>,
    /// `--checksum`.
    pub checksum: Option<Checksum>,
}

/// When a bar is shown on stderr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// When stderr is a terminal.
    Auto,
    /// Whatever stderr is.
    Always,
    /// Not at all, as if it were not asked for.
    Never,
}

/// How what has passed is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// SHA-256.
    Sha256,
    /// BLAKE3, of 32 bytes.
    Blake3,
}
