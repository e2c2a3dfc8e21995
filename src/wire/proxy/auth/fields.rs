//! The words of `Proxy-Authenticate` and `Proxy-Authorization` (RFC 9110, section 11).
//!
//! Promise: what is read cost no more memory than it is long, no value holds a control character, and
//! what could be understood in two ways is not understood.

/// The most schemes that are looked at in one answer. Real ones offer two to four.
const SCHEMES_MAX: usize = 16;
/// The most parameters of one scheme; Digest knows a dozen. Each is compared with those before it.
const PARAMS_MAX: usize = 32;

/// A scheme and what is said in it: a challenge, or credentials.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// In small letters.
    pub(super) scheme: String,
    pub(super) said: Said,
}

/// What stands behind the name of a scheme.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    /// One word, as of Basic.
    Token(Vec<u8>),
    Params(Params),
    /// Parameters of which one stands twice: nobody knows which is meant.
    Unclear,
}

/// Parameters by name; names in small letters, values without quotes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Params(Vec<(String, Vec<u8>)>);

impl Params {
    /// The value of this name, which is in small letters.
    pub(super) fn find(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// All that is offered in these values of fields, as far as it can be read.
pub(super) fn challenges(values: &[&[u8]]) -> Vec<Words> {
    let unfolded = values.iter().map(|value| unfold(value));
    let all = unfolded.flat_map(|value| {
        Reader { rest: &value }
            .map_while(Result::ok)
            .collect::<Vec<_>>()
    });
    all.take(SCHEMES_MAX).collect()
}

/// The credentials in this value of a field: one scheme, and nothing behind it.
pub(super) fn credentials(value: &[u8]) -> Option<Words> {
    let mut reader = Reader { rest: value };
    let words = reader.next()?.ok()?;
    reader.next().is_none().then_some(words)
}

/// Puts into quotes, with a backslash before what would end or bend the string.
pub(super) fn quote(value: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in value {
        if matches!(byte, b'"' | b'\\') {
            quoted.push(b'\\');
        }
        quoted.push(byte);
    }
    quoted.push(b'"');
    quoted
}

/// A value that went over several lines, on one.
fn unfold(value: &[u8]) -> Vec<u8> {
    let line = value.iter().map(|&byte| match byte {
        b'\r' | b'\n' => b' ',
        _ => byte,
    });
    line.collect()
}

/// What cannot be read; nobody knows where the next scheme would begin.
#[derive(Debug)]
struct Broken;

/// Reads one scheme after the other.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Iterator for Reader<'_> {
    type Item = Result<Words, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        self.pass(|byte| is_blank(byte) || byte == b',');
        (!self.rest.is_empty()).then(|| self.words().ok_or(Broken))
    }
}

impl<'a> Reader<'a> {
    /// A scheme and what is said in it.
    fn words(&mut self) -> Option<Words> {
        let scheme = lower(self.token()?);
        let blanks = self.pass(is_blank);
        let said = if self.at_end() {
            Said::Nothing
        } else if blanks == 0 {
            return None;
        } else if let Some(token) = self.token68() {
            Said::Token(token.into())
        } else {
            self.params()?
        };
        Some(Words { scheme, said })
    }

    /// Parameters, up to the end or the next scheme.
    fn params(&mut self) -> Option<Said> {
        let mut params = Params::default();
        let mut twice = false;
        loop {
            let (name, value) = self.param()?;
            twice |= params.find(&name).is_some();
            params.0.push((name, value));
            self.pass(is_blank);
            if !self.at_end() || params.0.len() > PARAMS_MAX {
                return None;
            }
            self.pass(|byte| is_blank(byte) || byte == b',');
            if !self.is_before_param() {
                return Some(if twice {
                    Said::Unclear
                } else {
                    Said::Params(params)
                });
            }
        }
    }

    fn param(&mut self) -> Option<(String, Vec<u8>)> {
        let name = lower(self.token()?);
        self.pass(is_blank);
        self.rest = self.rest.strip_prefix(b"=")?;
        self.pass(is_blank);
        let value = match self.rest.first() {
            Some(b'"') => self.quoted()?,
            Some(_) | None => self.token()?.into(),
        };
        Some((name, value))
    }

    /// What stands in quotes, without them and without backslashes that only protect what follows.
    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut value = Vec::new();
        let mut bytes = self.rest.iter().enumerate().skip(1);
        while let Some((at, &byte)) = bytes.next() {
            let meant = match byte {
                b'"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                b'\\' => *bytes.next()?.1,
                _ => byte,
            };
            if meant.is_ascii_control() && meant != b'\t' {
                return None;
            }
            value.push(meant);
        }
        None
    }

    /// One word that may hold all that base64 is made of, with nothing but a comma behind it.
    fn token68(&mut self) -> Option<&'a [u8]> {
        let mut ahead = Reader { rest: self.rest };
        let length = ahead.pass(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        let padding = ahead.pass(|byte| byte == b'=');
        ahead.pass(is_blank);
        if length == 0 || !ahead.at_end() {
            return None;
        }
        let token = &self.rest[..length + padding];
        self.rest = ahead.rest;
        Some(token)
    }

    fn token(&mut self) -> Option<&'a [u8]> {
        let all = self.rest;
        let length = self.pass(is_of_token);
        (length > 0).then(|| &all[..length])
    }

    /// Whether a name and `=` come next, and not another scheme.
    fn is_before_param(&self) -> bool {
        let mut ahead = Reader { rest: self.rest };
        let named = ahead.token().is_some();
        ahead.pass(is_blank);
        named && ahead.rest.starts_with(b"=")
    }

    fn at_end(&self) -> bool {
        matches!(self.rest, [] | [b',', ..])
    }

    /// Goes past all bytes of a kind; how many those were.
    fn pass(&mut self, kind: impl Fn(u8) -> bool) -> usize {
        let length = self.rest.iter().take_while(|&&byte| kind(byte)).count();
        self.rest = &self.rest[length..];
        length
    }
}

fn lower(token: &[u8]) -> String {
    let letters = token
        .iter()
        .map(|&byte| char::from(byte.to_ascii_lowercase()));
    letters.collect()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
