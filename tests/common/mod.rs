//! What every black-box test stands on: the program started with any kind of stdin and stdout, the
//! plain sockets it talks to, and one loop that moves bytes at all of these ends until something
//! has happened.
//!
//! Promises: every wait has a deadline and ends with a sentence when it passes; nothing sleeps;
//! every port comes from the kernel; every process started is killed by its id and reaped when its
//! owner is dropped.
//!
//! The program under test is the one cargo built, or the file that `NCAT_BIN` names: the same tests
//! can be turned on an installed build, or on another program that claims to be an ncat.

// Each test crate compiles all of this and uses its own part of it.
#![allow(dead_code, unused_imports)]

pub(crate) mod deadline;
pub(crate) mod ends;
pub(crate) mod meeting;
pub(crate) mod payload;
pub(crate) mod proc_net;
pub(crate) mod program;
pub(crate) mod scene;
pub(crate) mod setting;
pub(crate) mod table;
pub(crate) mod wire;

pub(crate) use deadline::{Deadline, Told, told};
pub(crate) use ends::{Catcher, Ending, Feeder, Medium};
pub(crate) use meeting::{By, Meeting};
pub(crate) use program::{Carrier, In, Out, Program, Running};
pub(crate) use scene::Scene;
pub(crate) use setting::{Over, Setting, Side, directory};
pub(crate) use wire::{Door, Peer, Place};
