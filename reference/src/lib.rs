//! The specification, executable: linear memory and just enough of the machine around it.
//!
//! ```
//! use trapline_reference::{Config, Extern, Module, Store, Value};
//!
//! // (module (func (export "f") (result i32) i32.const 7))
//! let wasm = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\
//!              \x07\x05\x01\x01f\0\0\x0a\x06\x01\x04\0\x41\x07\x0b";
//! let module = Module::new(wasm).unwrap();
//! let mut store = Store::new(Config::default());
//! let instance = store.instantiate(&module, |_, _, _| None).unwrap();
//! let Some(Extern::Func(f)) = store.export(instance, "f") else { panic!() };
//! assert_eq!(store.invoke(f, &[]), Ok(vec![Value::I32(7)]));
//! ```
//!
//! The rules of linear memory stand in one place, [`Rules`]. Storage is sparse,
//! so that a memory of 2^48 pages costs what was written to it.

pub mod axiomatic;
pub mod concurrent;
mod machine;
mod memory;
mod module;
mod numeric;
pub mod plain;
mod store;
mod trap;
mod types;
mod value;

pub use machine::SharedInstruction;
pub use memory::{
    Bulk, CHUNK, Extension, Growth, Instruction, Kind, Memory, MemoryId, Request, Rmw, Rules, Site,
    Specification, Wait, limits,
};
pub use module::{Invalid, Module, Proposals, Rejection, Validator};
pub use numeric::may_open_nan;
pub use store::{
    Access, CodePlace, Config, Extern, FuncId, GlobalId, Grow, GrownBy, Grows, HostFunc,
    InstanceId, Status, Store, TableId, Thread,
};
pub use trap::{Error, Trap, Traps};
pub use types::{AddressType, ExternType, FuncType, GlobalType, MemoryType, TableType};
pub use value::{Value, ValueType};
