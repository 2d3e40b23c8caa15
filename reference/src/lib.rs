//! The specification, executable: linear memory and just enough of the machine around it.

mod value;

pub use value::{Value, ValueType};
