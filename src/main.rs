//! argv in, exit code out.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Instant;

use ncat::assemble::{self, Outside};
use ncat::cli::{self, Parsed};
use ncat::say;

fn main() -> ExitCode {
    let mut outside = Outside::new(Instant::now());
    let mut args = std::env::args_os();
    let argv0 = args.next().unwrap_or_else(|| OsString::from("ncat"));
    let status = match cli::parse(&argv0, args, &mut outside) {
        Ok(Parsed::Run(plan)) => assemble::run(*plan, outside),
        Ok(Parsed::Script(script)) => assemble::run_script(&script),
        Ok(Parsed::Help(text)) => print(&text),
        Ok(Parsed::Version(line)) => {
            say::line(&line);
            0
        }
        Err(error) => {
            error.lines.iter().for_each(|line| say::line(line));
            error.status
        }
    };
    ExitCode::from(status)
}

/// The help on stdout; a reader that has seen enough and left is no failure.
fn print(text: &str) -> u8 {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let why = cli::reason(&error);
            say::line(&format!("Ncat: write: {why} (standard output)."));
            2
        }
        Ok(()) | Err(_) => 0,
    }
}
