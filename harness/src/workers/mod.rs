//! Workers for other versions of the engines, and for checkouts.
//!
//! How to use it: [`Catalogue::select`] takes what the command line calls
//! engines (`wasmtime@36.0.4,wasmi@path:../wasmi`), builds what is not there
//! and gives the configurations; a [`Router`](crate::worker::Router) runs them.
//!
//! How it works: one source per adapter serves every version. A worker is a
//! small package below `target/workers/`, whose library is this very crate
//! without what is `cfg(not(worker))`, and whose lock file has the engine in
//! another version; `harness/build.rs` sees that version and sets the `cfg`s by
//! which adapters differ.
//!
//! ```text
//! target/workers/
//!   build/                 what cargo needs; shared by all workers
//!   wasmi@1.1.0/
//!     Cargo.toml Cargo.lock main.rs
//!     build.log            what the compiler said
//!     worker               the program
//!     worker.json          what it was made of, written last
//! ```

pub mod bisect;
mod catalogue;
mod checkout;
mod disk;
mod fuzzed;
mod made_of;
mod make;
mod package;
mod published;
pub mod sets;
mod toolchain;
mod wanted;

pub use catalogue::{Catalogue, Options};
pub use disk::{Built, Usage};
pub use published::{Published, published};
pub use wanted::{Pattern, Wanted};

/// The engines there is an adapter for.
pub const ENGINES: [&str; 3] = ["wasmtime", "wasmer", "wasmi"];

/// The oldest release of an engine that its adapter is written for.
///
/// Wasmtime 24 is its oldest line that is maintained. Before these, wasmer 5 and 6
/// need a symbol of older compilers, `__rust_probestack`; and wasmi has no
/// vectors.
pub fn oldest(engine: &str) -> semver::Version {
    match engine {
        "wasmtime" => semver::Version::new(24, 0, 0),
        "wasmer" => semver::Version::new(7, 2, 0),
        _ => semver::Version::new(0, 43, 0),
    }
}
