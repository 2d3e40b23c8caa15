//! Differential conformance testing of WebAssembly linear memory.
//!
//! Random bytes become a [`script`]; every [`engine`] and the reference run
//! it; each engine's [`observation`] is judged against what the specification
//! allows; what diverges is reduced and filed in the corpus.

pub mod campaign;
pub mod corpus;
pub mod coverage;
pub mod engine;
pub mod fuzzing;
pub mod generate;
pub mod judge;
pub mod observation;
mod operator;
pub mod power;
pub mod reduce;
pub mod report;
pub mod script;
pub mod spec;
pub mod triage;
pub mod trial;
mod wasm;
pub mod worker;
