//! A script: what `.wast` can say, as data.
//!
//! The one representation of the project: the generator writes it, every
//! engine runs it, the reducer edits it, corpus files print it.

#[cfg(not(worker))]
mod binary;
#[cfg(not(worker))]
pub(crate) mod calls;
#[cfg(not(worker))]
pub mod expect;
#[cfg(not(worker))]
pub mod input;
#[cfg(not(worker))]
pub(crate) mod memories;
#[cfg(not(worker))]
mod prepare;
#[cfg(not(worker))]
pub mod print;
#[cfg(not(worker))]
pub(crate) mod sexp;
#[cfg(not(worker))]
pub(crate) mod slice;
#[cfg(not(worker))]
pub(crate) mod spectest;
#[cfg(not(worker))]
mod stand_in;
#[cfg(not(worker))]
pub(crate) mod tree;
#[cfg(not(worker))]
pub mod wast;

use serde::{Deserialize, Serialize};

use crate::text;

#[cfg(not(worker))]
pub use stand_in::Returns;
pub use trapline_reference::{Value, ValueType};

/// Modules to instantiate and calls to make, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// The steps, run one after the other.
    pub steps: Vec<Step>,
}

impl Script {
    /// Its first `steps`.
    ///
    /// # Panics
    /// If it has fewer.
    #[must_use]
    pub fn cut(&self, steps: usize) -> Script {
        Script {
            steps: self.steps[..steps].to_vec(),
        }
    }
}

#[cfg(not(worker))]
impl Script {
    /// How many calls a step makes whose outcomes it has: its own, or, where it
    /// waits for a thread, those of the thread.
    pub(crate) fn calls(&self, step: &Step) -> u64 {
        let calls = |steps: &[Step]| {
            let calls = steps
                .iter()
                .filter(|step| matches!(step, Step::Invoke { .. }));
            calls.count() as u64
        };
        match step {
            Step::Wait { thread } => self
                .steps
                .iter()
                .map(|step| match step {
                    Step::Thread { name, steps, .. } if name == thread => calls(steps),
                    _ => 0,
                })
                .max()
                .unwrap_or(0),
            _ => calls(std::slice::from_ref(step)),
        }
    }
}

/// One directive of a script.
///
/// Modules and instances are named by text, as in `.wast`, without the `$`.
/// A step that names a module or an instance that was never made (because the
/// step that should have made it failed) is answered with
/// [`Outcome::Absent`](crate::observation::Outcome::Absent), by every engine alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Compile a module: `(module definition $name …)`.
    Define {
        /// The name of the module.
        module: String,
        /// The binary.
        #[serde(with = "text::bytes")]
        wasm: Vec<u8>,
    },
    /// Instantiate a compiled module: `(module instance $instance $module)`.
    Instantiate {
        /// The name of the new instance.
        instance: String,
        /// The name of the module to instantiate.
        module: String,
    },
    /// Make an instance's exports importable: `(register "name" $instance)`.
    Register {
        /// The instance.
        instance: String,
        /// The module name under which others import from it.
        name: String,
    },
    /// Call an exported function: `(invoke $instance "func" args…)`.
    Invoke {
        /// The instance that exports the function; [`HOST`] for the built-in one.
        instance: String,
        /// The export.
        func: String,
        /// The arguments.
        #[serde(with = "value_serde")]
        args: Vec<Value>,
    },
    /// Read an exported global: `(get $instance "global")`.
    Get {
        /// The instance that exports the global.
        instance: String,
        /// The export.
        global: String,
    },
    /// Start a thread: `(thread $name (shared (module $shared)) …)`. It knows
    /// nothing of the script but the shared memories that an instance exports.
    Thread {
        /// The name of the thread.
        name: String,
        /// The instance, under the same name in the thread.
        shared: Option<String>,
        /// What the thread does: any steps but threads.
        steps: Vec<Step>,
    },
    /// Wait for a thread to end: `(wait $thread)`. Its outcome is
    /// [`Outcome::Joined`](crate::observation::Outcome::Joined).
    Wait {
        /// The name of the thread.
        thread: String,
    },
}

/// The name of the built-in instance that stands for the embedder.
///
/// It can be imported from and called. Its functions are found by name:
/// `"OP NAME.EXPORT"` does `OP` through the engine's own API, to the memory
/// that the instance *registered* as `NAME` exports as `EXPORT`, looked up
/// anew at each call. See [`HostOp`].
pub const HOST: &str = "host";

/// What the built-in instance can do to a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HostOp {
    /// `"grow"`, `[i64] -> [i64]`: grow by so many pages; the size before, or -1.
    Grow,
    /// `"size"`, `[] -> [i64]`: the size in pages.
    Size,
    /// `"read"`, `[i64] -> [i64]`: the byte at an address, or -1 when out of bounds.
    Read,
    /// `"write"`, `[i64 i32] -> [i32]`: write the low byte; 0, or -1 when out of bounds.
    Write,
}

/// A function of the built-in instance, decoded from its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostFunc {
    /// What it does.
    pub op: HostOp,
    /// The registered name of the instance whose memory it works on.
    pub instance: String,
    /// The export that is the memory.
    pub memory: String,
}

impl HostFunc {
    /// Decodes `"grow name.mem"`; `None` if it is no function of the built-in instance.
    pub fn parse(name: &str) -> Option<HostFunc> {
        let (op, target) = name.split_once(' ')?;
        let op = match op {
            "grow" => HostOp::Grow,
            "size" => HostOp::Size,
            "read" => HostOp::Read,
            "write" => HostOp::Write,
            _ => return None,
        };
        let (instance, memory) = target.split_once('.')?;
        Some(HostFunc {
            op,
            instance: instance.to_owned(),
            memory: memory.to_owned(),
        })
    }

    /// The parameters and the results.
    pub fn ty(&self) -> (&'static [ValueType], &'static [ValueType]) {
        use ValueType::{I32, I64};
        match self.op {
            HostOp::Grow => (&[I64], &[I64]),
            HostOp::Size => (&[], &[I64]),
            HostOp::Read => (&[I64], &[I64]),
            HostOp::Write => (&[I64, I32], &[I32]),
        }
    }
}

/// `Value` as serde data: the reference crate knows nothing of serde. In a format
/// of text, what is longer than 32 bits is a string.
pub(crate) mod value_serde {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use trapline_reference::Value;

    use crate::text::long;

    #[derive(Serialize, Deserialize)]
    enum Repr {
        I32(u32),
        I64(#[serde(with = "long")] u64),
        F32(u32),
        F64(#[serde(with = "long")] u64),
        V128(#[serde(with = "long")] u128),
        FuncRef(Option<u32>),
        ExternRef(Option<u32>),
    }

    pub(crate) fn serialize<S: Serializer>(values: &[Value], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(values.iter().map(|v| match *v {
            Value::I32(v) => Repr::I32(v),
            Value::I64(v) => Repr::I64(v),
            Value::F32(v) => Repr::F32(v),
            Value::F64(v) => Repr::F64(v),
            Value::V128(v) => Repr::V128(v),
            Value::FuncRef(v) => Repr::FuncRef(v),
            Value::ExternRef(v) => Repr::ExternRef(v),
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Value>, D::Error> {
        let reprs = Vec::<Repr>::deserialize(d)?;
        Ok(reprs
            .into_iter()
            .map(|r| match r {
                Repr::I32(v) => Value::I32(v),
                Repr::I64(v) => Value::I64(v),
                Repr::F32(v) => Value::F32(v),
                Repr::F64(v) => Value::F64(v),
                Repr::V128(v) => Value::V128(v),
                Repr::FuncRef(v) => Value::FuncRef(v),
                Repr::ExternRef(v) => Value::ExternRef(v),
            })
            .collect())
    }
}
