//! Judges an engine against what the specification allows.

mod class;
mod compare;
mod section;
mod signature;

pub use class::Class;
pub use compare::{Comparison, Difference, MemoryDifference, Stop, compare, describe};
pub use section::{Section, section_of};
pub use signature::{Place, Signature, Subject};
