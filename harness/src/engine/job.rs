//! What an engine is asked to run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Features, features};
use crate::observation::Watch;
use crate::script::{Script, Step};

/// What a run may use: imposed on the reference and on every engine alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The largest size of one memory, in bytes. Growing beyond it fails, and
    /// instantiating a memory beyond it is [`Outcome::Limit`](crate::observation::Outcome::Limit).
    pub memory_bytes: u64,
    /// How many instructions a call may execute on the reference. What engines
    /// count for themselves is set far above it.
    pub fuel: u64,
    /// How many bytes of a memory an engine may write or copy for making or growing it:
    /// they become resident, however sparse the memory is. Beyond that
    /// a growth fails for lack of resources.
    pub resident_bytes: u64,
}

/// [`Budget::resident_bytes`], unless it is said otherwise.
pub const RESIDENT_BYTES: u64 = 64 << 20;

/// How many bytes each memory may have where nobody says otherwise.
pub const MEMORY_BYTES: u64 = 8 << 30;

/// [`Budget::fuel`], unless it is said otherwise.
pub const FUEL: u64 = 10_000_000;

impl Budget {
    /// Memories of so many bytes, and fuel as usual.
    pub const fn of(memory_bytes: u64) -> Budget {
        Budget {
            memory_bytes,
            fuel: FUEL,
            resident_bytes: RESIDENT_BYTES,
        }
    }

    /// Whether an engine may make more of a memory resident than usual.
    pub const fn is_large(self) -> bool {
        self.resident_bytes > RESIDENT_BYTES
    }

    /// How many times more than usual a call may execute, at least once.
    #[cfg(any(feature = "wasmer", feature = "wasmi", feature = "wasmtime"))]
    pub(super) fn fuel_factor(self) -> u64 {
        self.fuel.div_ceil(FUEL).max(1)
    }
}

/// A chunk to hand over byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// After this step (index into the script).
    pub step: usize,
    /// The instance that exports the memory.
    pub instance: String,
    /// The export.
    pub export: String,
    /// Which chunk, see [`ChunkDigest::index`](crate::observation::ChunkDigest::index).
    pub chunk: u64,
}

/// A script, with what all engines need to know of it worked out once.
pub struct Job<'a> {
    /// The script.
    pub script: &'a Script,
    /// The limits of the run.
    pub budget: Budget,
    /// Which chunks of large memories to look at.
    pub watch: &'a Watch,
    /// Chunks to hand over in [`Observation::captured`](crate::observation::Observation::captured).
    pub captures: &'a [Capture],
    /// Whether the script goes on after a call that exhausted the stack, as
    /// scripts that assert it do.
    pub past_exhaustion: bool,
    /// How often the script is run, at most: what it did is in
    /// [`Observation::repeats`](crate::observation::Observation::repeats) if that is more than once.
    pub runs: u32,
    modules: Vec<Option<ModuleFacts>>,
}

/// What is known of a module before anybody compiles it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleFacts {
    /// The features that it needs.
    pub needs: Features,
    /// The exports that show its own memories, one each.
    #[serde(with = "list")]
    pub memories: Arc<[String]>,
}

/// A shared list as serde data: a sequence.
mod list {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(list: &[String], s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(list)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Arc<[String]>, D::Error> {
        Vec::deserialize(d).map(Arc::from)
    }
}

impl<'a> Job<'a> {
    /// Scans the modules of `script`.
    pub fn new(
        script: &'a Script,
        budget: Budget,
        watch: &'a Watch,
        captures: &'a [Capture],
    ) -> Self {
        Job::with_facts(script, Vec::new(), budget, watch, captures)
    }

    /// With what is known of the modules already: for each step one, if it defines a
    /// module. Where that does not fit the script, its modules are scanned.
    pub fn with_facts(
        script: &'a Script,
        known: Vec<Option<ModuleFacts>>,
        budget: Budget,
        watch: &'a Watch,
        captures: &'a [Capture],
    ) -> Self {
        let steps = script.steps.iter();
        let defines = steps.map(|step| matches!(step, Step::Define { .. }));
        let modules = match defines.eq(known.iter().map(Option::is_some)) {
            true => known,
            false => scanned(script),
        };
        Job {
            script,
            budget,
            watch,
            captures,
            past_exhaustion: false,
            runs: 1,
            modules,
        }
    }
}

/// What is to be known of each module that a script defines.
fn scanned(script: &Script) -> Vec<Option<ModuleFacts>> {
    let facts = |step: &Step| match step {
        Step::Define { wasm, .. } => Some(ModuleFacts {
            needs: features::needed_by(wasm),
            memories: features::own_memory_exports(wasm).into(),
        }),
        _ => None,
    };
    script.steps.iter().map(facts).collect()
}

impl Job<'_> {
    /// What is known of the modules: for each step one, if it defines a module.
    pub fn modules(&self) -> &[Option<ModuleFacts>] {
        &self.modules
    }

    /// The same job, with other chunks of large memories looked at.
    pub fn watching<'b>(&'b self, watch: &'b Watch) -> Job<'b> {
        Job {
            watch,
            modules: self.modules.clone(),
            ..*self
        }
    }

    /// The same job, to be run again and again, at most so often.
    pub fn repeated(&self, runs: u32) -> Job<'_> {
        Job {
            runs,
            modules: self.modules.clone(),
            ..*self
        }
    }

    /// The same job, but modules are sent to engines that do not declare what
    /// they need: to find out what happens.
    pub fn regardless_of_features(mut self) -> Self {
        for facts in self.modules.iter_mut().flatten() {
            facts.needs = Features::NONE;
        }
        self
    }

    /// What the modules of the script need, together.
    pub fn needs(&self) -> Features {
        let defined = self.modules.iter().flatten().map(|facts| facts.needs);
        let by_threads = self.script.steps.iter().filter_map(|step| match step {
            Step::Thread { steps, .. } => Some(features::needed_by_steps(steps)),
            _ => None,
        });
        defined
            .chain(by_threads)
            .fold(Features::NONE, Features::and)
    }

    /// What is known of the module that step `index` defines.
    ///
    /// # Panics
    /// If it defines none.
    pub(super) fn module(&self, index: usize) -> &ModuleFacts {
        self.modules[index]
            .as_ref()
            .expect("a definition was scanned")
    }
}
