//! How the program is linked.

use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=packaging/link.rs");
    let says = |name: &str| env::var(name).unwrap_or_default();
    let os = (says("CARGO_CFG_TARGET_OS"), says("CARGO_CFG_TARGET_ENV"));
    let is_static = says("CARGO_CFG_TARGET_FEATURE").contains("crt-static");
    if os != ("linux".into(), "gnu".into()) {
        return;
    }
    // Where it is loaded, a program that may lie anywhere has to be told of every address in it: packed, that list
    // is a fiftieth as long. glibc 2.36 reads it.
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // Loading the compiler's library for unwinding took a fifth of the time of a start. What is used of it, to say
    // where a program broke, goes inside instead, unless room counts for more.
    let is_quick = says("PROFILE") == "release" && says("OPT_LEVEL") != "z";
    if is_quick && !is_static {
        let place = says("OUT_DIR");
        let script = Path::new(&place).join("libgcc_s.so");
        fs::write(script, "INPUT(-lgcc_eh -lgcc)\n")
            .expect("the build's own directory can be written");
        println!("cargo::rustc-link-search=native={place}");
    }
}
