//! Tells the adapters which version of their engine they are compiled against:
//! one source serves every version, and differs by the `cfg`s listed here.
//!
//! The version is that of the lock file, of this workspace or of the package of
//! a worker (`src/workers`), which uses this script, too.

use std::path::Path;

use semver::Version;

/// Something that is so in an engine from a version on.
struct Difference {
    engine: &'static str,
    cfg: &'static str,
    from: &'static str,
}

/// All of them.
const DIFFERENCES: &[Difference] = &[
    since("wasmi", "0.44.0", "wasmi_relaxed_simd"),
    since("wasmi", "0.45.0", "wasmi_limits_in_core"),
    since("wasmi", "2.0.0-beta.0", "wasmi_out_of_system_memory"),
    since("wasmi", "2.0.0-beta.0", "wasmi_default_for_ty"),
    since("wasmi", "2.0.0-beta.2", "wasmi_grow_may_err"),
    since("wasmi", "2.0.0-beta.8", "wasmi_user_limits"),
    since("wasmer", "7.4.0", "wasmer_tunables_are_fixed"),
    since("wasmtime", "26.0.0", "wasmtime_signals"),
    since("wasmtime", "26.0.0", "wasmtime_tables64"),
    since("wasmtime", "28.0.0", "wasmtime_memory_layout"),
    since("wasmtime", "30.0.0", "wasmtime_pulley"),
    since("wasmtime", "37.0.0", "wasmtime_single_pass"),
    since("wasmtime", "37.0.0", "wasmtime_pagemap_scan"),
    since("wasmtime", "40.0.0", "wasmtime_shared_memory"),
    since("wasmtime", "40.0.0", "wasmtime_cannot_block"),
    since("wasmtime", "48.0.0", "wasmtime_operator_cost"),
    since("wasmtime", "43.0.0", "wasmtime_backtrace_max_frames"),
    since("wasmtime", "50.0.0", "wasmtime_winch_without_threads"),
];

const fn since(engine: &'static str, from: &'static str, cfg: &'static str) -> Difference {
    Difference { engine, cfg, from }
}

const ENGINES: [&str; 3] = ["wasmi", "wasmer", "wasmtime"];

fn main() {
    let folder = std::env::var("CARGO_MANIFEST_DIR").expect("cargo says so");
    let folder = Path::new(&folder);
    let own = folder.join("Cargo.lock");
    let lock = match own.exists() {
        true => own,
        false => folder.join("../Cargo.lock"),
    };
    println!("cargo::rerun-if-changed={}", lock.display());
    let lock = std::fs::read_to_string(lock).expect("a lock file");

    println!("cargo::rustc-check-cfg=cfg(worker)");
    if std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == "trapline-worker") {
        println!("cargo::rustc-cfg=worker");
    }
    for engine in ENGINES {
        let Some(version) = locked(&lock, engine) else {
            continue;
        };
        println!(
            "cargo::rustc-env=TRAPLINE_{}={version}",
            engine.to_uppercase()
        );
        let version = parse(version);
        let so = |d: &&Difference| d.engine == engine && parse(d.from) <= version;
        for difference in DIFFERENCES.iter().filter(so) {
            println!("cargo::rustc-cfg={}", difference.cfg);
        }
    }
    for difference in DIFFERENCES {
        println!("cargo::rustc-check-cfg=cfg({})", difference.cfg);
    }
}

/// The version of a package in a lock file.
fn locked<'l>(lock: &'l str, package: &str) -> Option<&'l str> {
    let start = format!("name = \"{package}\"\nversion = \"");
    let at = lock.find(&start)? + start.len();
    lock[at..].split('"').next()
}

fn parse(version: &str) -> Version {
    Version::parse(version).unwrap_or_else(|why| panic!("{version} is no version: {why}"))
}
