//! argv in, exit code out.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use ncat::assemble::{self, Outside};
use ncat::cli::{self, Parsed};
use ncat::say::{self, Fact};

fn main() -> ExitCode {
    let mut outside = Outside::new(Instant::now());
    let mut args = std::env::args_os();
    let argv0 = args.next().unwrap_or_else(|| OsString::from("ncat"));
    let status = match cli::parse(&argv0, args, &mut outside) {
        Ok(Parsed::Run(plan)) => assemble::run(*plan, outside),
        Ok(Parsed::Script(script)) => assemble::run_script(&script),
        Ok(Parsed::Help(text)) => printed(print(&text).or_else(unless_left)),
        Ok(Parsed::Usage(text)) => {
            say::raw(&text);
            0
        }
        Ok(Parsed::Generated(text)) => printed(print(&text)),
        Ok(Parsed::Version(line)) => {
            say::line(&line, &Fact::new("version"));
            0
        }
        Err(error) => {
            say::usage(&error.lines, error.hint.as_deref(), error.status);
            error.status
        }
    };
    ExitCode::from(status)
}

/// A text on stdout.
fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// The status after printing, and why if it failed.
fn printed(result: io::Result<()>) -> u8 {
    match result {
        Ok(()) => 0,
        Err(error) => {
            let why = cli::reason(&error);
            let line = format!("Ncat: write: {why} (standard output).");
            let fact = Fact::new("stdio_failed").text("side", "stdout");
            say::line(&line, &fact.reason(why));
            2
        }
    }
}

/// A reader of the help who has seen enough and left is no failure.
fn unless_left(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    }
}
