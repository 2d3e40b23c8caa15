//! The few operations that an adapter of an engine has to provide.

use trapline_reference::Value;

use crate::observation::{ChunkDigest, Outcome, Watch};
use crate::script::{HostFunc, Step};

/// Makes an embedding on the thread that it is for, with the instances that this shares
/// with the script, in their order.
pub(super) type Start<E> = Box<dyn FnOnce() -> (E, Vec<<E as Embedding>::Instance>) + Send>;

/// The operations of one engine with one store. Everything an adapter has to write.
pub trait Embedding {
    /// A compiled module, good for all stores of one engine.
    type Module: Send + Sync;
    /// An instance in the store.
    type Instance;

    /// Decodes, validates and compiles. `Err` is [`Outcome::Rejected`] at
    /// [`Stage::Compile`](crate::observation::Stage::Compile), or a limit.
    fn compile(&mut self, wasm: &[u8]) -> Result<Self::Module, Outcome>;

    /// Instantiates with what is registered, and with the functions of [`HOST`](crate::script::HOST).
    fn instantiate(&mut self, module: &Self::Module) -> Result<Self::Instance, Outcome>;

    /// Makes the exports of `instance` importable under `name`.
    fn register(&mut self, name: &str, instance: &Self::Instance);

    /// Calls an exported function; [`Outcome::Absent`] if there is none.
    fn invoke(&mut self, instance: &Self::Instance, func: &str, args: &[Value]) -> Outcome;

    /// Calls a function of the built-in instance directly.
    fn invoke_host(&mut self, func: &HostFunc, args: &[Value]) -> Outcome;

    /// Reads an exported global; [`Outcome::Absent`] if there is none.
    fn get(&mut self, instance: &Self::Instance, global: &str) -> Outcome;

    /// Size in bytes and digests of an exported memory, through the engine's
    /// own API; `None` if there is no such export.
    fn memory(
        &mut self,
        instance: &Self::Instance,
        export: &str,
        watch: &Watch,
    ) -> Option<(u128, Vec<ChunkDigest>)>;

    /// The bytes `[start, start + len)` of an exported memory, fewer at its end.
    fn read(&mut self, instance: &Self::Instance, export: &str, start: u64, len: usize) -> Vec<u8>;

    /// What makes an embedding for another thread that shares these instances, with a
    /// store of its own; `None` if there are no threads.
    fn thread(&mut self, shared: &[&Self::Instance]) -> Option<Start<Self>>
    where
        Self: Sized,
    {
        let _ = shared;
        None
    }

    /// Starts a thread, see [`Step::Thread`].
    fn start_thread(
        &mut self,
        name: &str,
        shared: Option<(&str, &Self::Instance)>,
        steps: &[Step],
    ) -> Outcome {
        let _ = (name, shared, steps);
        Outcome::Unsupported("threads of a script".to_owned())
    }

    /// Told before each step that starts no thread: those that were started go on
    /// with their calls from here.
    fn release_threads(&mut self) {}

    /// Waits for a thread to end: [`Outcome::Joined`], or [`Outcome::Absent`]
    /// if none of that name was started.
    fn join_thread(&mut self, name: &str) -> Outcome {
        let _ = name;
        Outcome::Absent
    }

    /// Told after each step, once its outcome is known.
    fn after_step(&mut self) {}
}
