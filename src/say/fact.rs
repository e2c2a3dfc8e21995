//! What happened, as a machine wants to know it: a name, and fields that never change theirs.
//!
//! Promise: every name and every field is in [`EVENTS`], which the README repeats for users.

/// The names of all events, each with those of its fields. A field may be missing where nobody knows it; `hint`
/// may stand in any.
pub const EVENTS: [(&str, &[&str]); 26] = [
    ("version", &[]),
    ("listening", &["address"]),
    ("accepted", &["peer", "user"]),
    ("denied", &["peer", "reason"]),
    ("attempt_failed", &["peer", "reason"]),
    ("proxy_connected", &["peer"]),
    ("certificate", &["peer"]),
    ("secured", &["peer"]),
    ("connected", &["peer"]),
    ("handshake_failed", &["peer", "reason"]),
    ("failed", &["reason", "status"]),
    ("end", &["side"]),
    ("broken", &["peer", "reason"]),
    ("stdio_failed", &["side", "reason"]),
    ("program_failed", &["peer", "reason"]),
    ("stalled", &["peer"]),
    ("timeout", &["peer", "seconds"]),
    ("closed", &["peer", "sent", "received", "seconds"]),
    (
        "request",
        &["peer", "request", "result", "sent", "received", "seconds"],
    ),
    ("checksum", &["peer", "side", "bytes", "kind", "digest"]),
    ("usage", &["status"]),
    ("warning", &[]),
    ("error", &[]),
    ("message", &[]),
    ("dropped", &["count"]),
    ("test", &[]),
];

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub(super) event: &'static str,
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) hint: Option<String>,
}

/// What stands in a field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Number(u64),
    Seconds(f64),
}

impl Fact {
    /// An event of that name, which is one of [`EVENTS`].
    pub fn new(event: &'static str) -> Self {
        debug_assert!(known(event).is_some(), "no event is called {event}");
        Self {
            event,
            fields: Vec::new(),
            hint: None,
        }
    }

    /// With words in a field.
    pub fn text(self, field: &'static str, words: impl Into<String>) -> Self {
        self.with(field, Value::Text(words.into()))
    }

    /// With a number in a field.
    pub fn number(self, field: &'static str, number: u64) -> Self {
        self.with(field, Value::Number(number))
    }

    /// With a time in a field.
    pub fn seconds(self, field: &'static str, seconds: f64) -> Self {
        self.with(field, Value::Seconds(seconds))
    }

    /// A connection with that peer is over, and so much has passed.
    pub fn closed(peer: impl Into<String>, sent: u64, received: u64, seconds: f64) -> Self {
        Self::new("closed")
            .peer(peer)
            .passed(sent, received, seconds)
    }

    /// With how much was sent and received, and in what time.
    pub fn passed(self, sent: u64, received: u64, seconds: f64) -> Self {
        self.number("sent", sent)
            .number("received", received)
            .seconds("seconds", seconds)
    }

    /// With the peer it is about.
    pub fn peer(self, name: impl Into<String>) -> Self {
        self.text("peer", name)
    }

    /// With what was lacking.
    pub fn reason(self, words: impl Into<String>) -> Self {
        self.text("reason", words)
    }

    /// With what is certain to help: a sentence that people read on a line of its own.
    pub fn hint(mut self, words: impl Into<String>) -> Self {
        self.hint = Some(words.into());
        self
    }

    fn with(mut self, field: &'static str, value: Value) -> Self {
        debug_assert!(
            known(self.event).is_some_and(|fields| fields.contains(&field)),
            "{} has no field {field}",
            self.event
        );
        self.fields.push((field, value));
        self
    }
}

fn known(event: &str) -> Option<&'static [&'static str]> {
    let (_, fields) = EVENTS.iter().find(|(name, _)| *name == event)?;
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_lists_every_event_with_its_fields() {
        let readme = include_str!("../../README.md");
        for (event, fields) in EVENTS {
            let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let row = format!("| `{event}` | {} |", fields.join(", ")).replace("|  |", "| |");
            assert!(
                readme.lines().any(|line| line.starts_with(&row)),
                "the README has no line that begins with {row}"
            );
        }
    }
}
