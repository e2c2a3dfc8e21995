//! The bar of `--progress`, which indicatif draws.
//!
//! Promise: it begins no thread, asks for no time but when it is shown, and writes no more than stderr
//! takes at once.

use std::cell::OnceCell;
use std::fmt::Write as _;
use std::io;
use std::sync::{Mutex, PoisonError};

use indicatif::style::ProgressTracker;
use indicatif::{
    HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle, TermLike,
};
use rustix::termios::tcgetwinsize;

use crate::say::{self, Bar};

/// How much is to pass.
#[derive(Clone, Copy, Debug)]
pub(super) enum Whole {
    /// Nobody knows.
    Unknown,
    /// So much is to be sent.
    Sent(u64),
    /// So much is to pass in that direction in which more does.
    Either(u64),
}

/// With an end in sight, and without.
const KNOWN: &str = "{percent:>3}% [{wide_bar}] {bytes}/{total_bytes}  {bytes_per_sec}  \
                     avg {average}  ETA {eta}{msg}";
const UNKNOWN: &str = "{bytes}  {bytes_per_sec}  avg {average}  {elapsed}{msg}";

/// What is taken for the width of what is no terminal.
const WIDTH: u16 = 80;

/// The bar. There is none before it is shown first, for its time begins then.
#[derive(Debug)]
pub(super) struct Drawn {
    whole: Whole,
    bar: OnceCell<ProgressBar>,
}

impl Drawn {
    /// A bar that ends there.
    pub(super) fn new(whole: Whole) -> Self {
        Self {
            whole,
            bar: OnceCell::new(),
        }
    }

    fn draw(&self, (sent, received): (u64, u64)) -> &ProgressBar {
        let bar = self.bar.get_or_init(|| begun(self.whole));
        let first = match self.whole {
            Whole::Sent(_) => true,
            Whole::Unknown | Whole::Either(_) => sent >= received,
        };
        let (bytes, other, what) = match first {
            true => (sent, received, "received"),
            false => (received, sent, "sent"),
        };
        // Each of the two calls draws.
        if other > 0 {
            bar.set_message(format!("  {what} {}", HumanBytes(other)));
        }
        bar.set_position(bytes);
        bar
    }
}

impl Bar for Drawn {
    fn show(&self, passed: (u64, u64)) {
        self.draw(passed);
    }

    fn make_room(&self, print: &mut dyn FnMut()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    fn end(&self, passed: (u64, u64)) {
        self.draw(passed).abandon();
        say::raw("\n");
    }
}

fn begun(whole: Whole) -> ProgressBar {
    let (size, template) = match whole {
        Whole::Unknown => (None, UNKNOWN),
        Whole::Sent(size) | Whole::Either(size) => (Some(size), KNOWN),
    };
    let target = ProgressDrawTarget::term_like(Box::new(Screen::default()));
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar()); // a test looks at both
    let style = style.progress_chars("=> ").with_key("average", Average);
    ProgressBar::with_draw_target(size, target).with_style(style)
}

/// Bytes a second since the beginning.
#[derive(Clone)]
struct Average;

impl ProgressTracker for Average {
    fn clone_box(&self) -> Box<dyn ProgressTracker> {
        Box::new(self.clone())
    }

    fn tick(&mut self, _: &ProgressState, _: std::time::Instant) {}

    fn reset(&mut self, _: &ProgressState, _: std::time::Instant) {}

    fn write(&self, state: &ProgressState, w: &mut dyn std::fmt::Write) {
        let seconds = state.elapsed().as_secs_f64().max(0.001);
        let rate = state.pos() as f64 / seconds;
        let _ = write!(w, "{}/s", HumanBytes(rate as u64)); // its line takes everything
    }
}

/// Stderr, to which a picture goes in one piece.
#[derive(Debug, Default)]
struct Screen(Mutex<String>);

impl Screen {
    fn put(&self, words: std::fmt::Arguments<'_>) -> io::Result<()> {
        let mut picture = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        picture.write_fmt(words).map_err(io::Error::other)
    }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        let size = tcgetwinsize(rustix::stdio::stderr());
        let width = size.map_or(0, |size| size.ws_col);
        if width == 0 { WIDTH } else { width }
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.put(format_args!("\x1b[{n}A")),
        }
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.put(format_args!("\x1b[{n}B")),
        }
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.put(format_args!("\x1b[{n}C")),
        }
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        match n {
            0 => Ok(()),
            n => self.put(format_args!("\x1b[{n}D")),
        }
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.put(format_args!("{line}\r\n"))
    }

    fn write_str(&self, words: &str) -> io::Result<()> {
        self.put(format_args!("{words}"))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put(format_args!("\r\x1b[2K"))
    }

    fn flush(&self) -> io::Result<()> {
        let mut picture = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        say::raw(&picture);
        picture.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_pictures_can_be_drawn() {
        for template in [KNOWN, UNKNOWN] {
            let style = ProgressStyle::with_template(template);
            assert!(style.is_ok(), "{template}: {:?}", style.err());
        }
    }
}
