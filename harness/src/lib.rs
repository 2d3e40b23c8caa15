//! Differential conformance testing of WebAssembly linear memory.
//!
//! Random bytes become a [`script`]; every [`engine`] and the reference run
//! it; each engine's [`observation`] is judged against what the specification
//! allows; what diverges is reduced and filed in the corpus.
//!
//! A worker for another version of an engine is made of this crate, too: of the
//! few modules that are not `cfg(not(worker))`, see `workers`.

#[cfg(not(worker))]
pub mod campaign;
#[cfg(not(worker))]
pub mod claims;
#[cfg(not(worker))]
pub mod corpus;
#[cfg(not(worker))]
pub mod coverage;
pub mod engine;
#[cfg(not(worker))]
pub mod fuzzing;
#[cfg(not(worker))]
pub mod generate;
#[cfg(not(worker))]
pub mod judge;
#[cfg(not(worker))]
pub mod litmus;
pub mod observation;
#[cfg(not(worker))]
mod operator;
#[cfg(not(worker))]
pub mod power;
#[cfg(not(worker))]
pub mod reduce;
#[cfg(not(worker))]
pub mod report;
pub mod script;
#[cfg(not(worker))]
pub mod spec;
#[cfg(not(worker))]
pub mod sweep;
mod text;
#[cfg(not(worker))]
pub mod triage;
#[cfg(not(worker))]
pub mod trial;
#[cfg(not(worker))]
mod wasm;
pub mod worker;
#[cfg(not(worker))]
pub mod workers;
