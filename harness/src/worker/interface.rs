//! What a module exports, and how large its memories may become: for workers
//! that read no modules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[cfg(not(worker))]
mod read;

/// What a worker has to know of a module that its engine does not tell.
///
/// In the types of functions and globals a letter stands for each type: `i I f F v
/// r e` for i32, i64, f32, f64, v128, funcref and externref, and `?` for any other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interface {
    /// The functions that it exports: parameters, `>` and results.
    pub functions: BTreeMap<String, String>,
    /// The globals: `=` or, where it can change, `~`; and the type.
    pub globals: BTreeMap<String, String>,
    /// The memories: how many bits their addresses have.
    pub memories: BTreeMap<String, u32>,
    /// How many bytes its memories have when they are made, and to how many those may
    /// grow that its own code grows.
    pub largest_memory: u64,
}
