//! Proxies as other programs use them: ssh, git and chromium reach their servers through ours, and the
//! commands of the guide of Nmap's ncat do what it says.

#![cfg(feature = "proxy")]

#[cfg(feature = "lua")]
mod chromium;
#[path = "../common/mod.rs"]
mod common;
mod git;
mod guide;
mod ssh;
mod stage;
