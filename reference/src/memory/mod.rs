//! Linear memory: sparse storage, and what the specification says of it.
//!
//! [`Memory`] is storage and nothing else. What an access *means* stands in
//! [`Rules`]; what is valid stands in [`limits`].

mod instruction;
pub mod limits;
mod rules;
mod storage;

pub use instruction::{Extension, Instruction, Kind, Rmw};
pub use rules::{Bulk, Request, Rules, Site, Specification, Wait};
pub use storage::{CHUNK, Growth, Memory, MemoryId};
