//! A child process that does not outlive its owner, whatever goes wrong in between.

use std::{
    io,
    ops::{Deref, DerefMut},
    process::{Child, Command},
};

/// Killed and reaped when dropped, if it has not ended by then.
pub(crate) struct Kept(Child);

impl Kept {
    pub(crate) fn spawn(command: &mut Command) -> io::Result<Kept> {
        match command.spawn() {
            Ok(child) => Ok(Kept(child)),
            Err(error) => {
                let program = command.get_program().to_string_lossy();
                Err(io::Error::other(format!(
                    "{program} cannot be started: {error}"
                )))
            }
        }
    }
}

impl Deref for Kept {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill(); // it may have ended by itself
        let _ = self.0.wait();
    }
}
