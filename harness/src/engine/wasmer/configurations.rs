//! The configurations of wasmer.

use std::num::NonZero;
use std::sync::Arc;

use wasmer::MemoryStyle;
use wasmer::sys::{
    BaseTunables, CompilerConfig, Cranelift, CraneliftOptLevel, EngineBuilder,
    Features as Proposals, Singlepass,
};

use super::Wasmer;
use super::meter::Meter;
use super::tunables::{Budget, Limiting};
use crate::engine::{Configuration, Engine, Feature, Features};

/// The version of the crate, from the lock file.
pub(super) const VERSION: &str = env!("TRAPLINE_WASMER");

/// What compiles the code, and how memories are laid out.
pub(super) struct Settings {
    compiler: Compiler,
    layout: Layout,
    /// Whether a middleware counts what is done.
    metered: bool,
    /// Whether a module is serialized and deserialized before it runs.
    pub(super) serialize: bool,
    /// Whether the memories of a module are made by the embedder.
    pub(super) outside: bool,
}

enum Compiler {
    /// Cranelift, optimising or not.
    Cranelift { optimise: bool },
    /// The baseline compiler.
    Singlepass,
}

/// Where linear memories lie in the address space.
enum Layout {
    /// 4 GiB reserved, so many bytes guarded behind it: 4 GiB by wasmer's default.
    Static { guard: u64 },
    /// Nothing reserved, so many bytes guarded: every check is explicit.
    Dynamic { guard: u64 },
    /// Nothing reserved; the code is compiled for memories without a guard, but an
    /// inaccessible page begins where each of them ends.
    Fences,
}

/// How many pages are reserved for a static memory: all that it can have.
const RESERVED: u32 = 0x1_0000;

impl Layout {
    /// How memories are laid out, as compiled code may take it for granted.
    fn style(&self) -> MemoryStyle {
        let dynamic = |guard| MemoryStyle::Dynamic {
            offset_guard_size: guard,
        };
        match *self {
            Layout::Static { guard } => MemoryStyle::Static {
                bound: RESERVED.into(),
                offset_guard_size: guard,
            },
            Layout::Dynamic { guard } => dynamic(guard),
            Layout::Fences => dynamic(0),
        }
    }
}

const CRANELIFT: Settings = Settings {
    compiler: Compiler::Cranelift { optimise: true },
    layout: Layout::Static {
        guard: 0x1_0000_0000,
    },
    metered: false,
    serialize: false,
    outside: false,
};

const SINGLEPASS: Settings = Settings {
    compiler: Compiler::Singlepass,
    ..CRANELIFT
};

impl Settings {
    /// What a configuration with these settings can run.
    pub(super) const fn features(&self) -> Features {
        const ALL: Features = Features::of(&[
            Feature::MultiMemory,
            Feature::Threads,
            Feature::Simd,
            Feature::ExternRef,
            Feature::ExtendedConst,
        ]);
        match self.compiler {
            Compiler::Cranelift { .. } => ALL,
            Compiler::Singlepass => ALL.without(Features::of(&[Feature::Simd])),
        }
    }

    pub(super) fn engine(&self, budget: &Budget) -> wasmer::Engine {
        let Settings {
            compiler,
            layout,
            metered,
            serialize: _,
            outside: _,
        } = self;
        // Otherwise each module is compiled by a pool of threads of its own.
        let threads = NonZero::<usize>::MIN;
        let mut compiler: Box<dyn CompilerConfig> = match compiler {
            Compiler::Cranelift { optimise } => {
                let mut compiler = Cranelift::new();
                compiler.num_threads(threads).opt_level(if *optimise {
                    CraneliftOptLevel::Speed
                } else {
                    CraneliftOptLevel::None
                });
                Box::new(compiler)
            }
            Compiler::Singlepass => {
                let mut compiler = Singlepass::new();
                compiler.num_threads(threads);
                Box::new(compiler)
            }
        };
        if *metered {
            compiler.push_middleware(Arc::new(Meter::new(budget)));
        }
        // What is not declared is left on where it can be, so that a check of
        // the declaration sees what the engine can do. Not memory64: the flag
        // leads to `unimplemented!`.
        let mut proposals = Proposals::default();
        proposals
            .tail_call(true)
            // Not a default yet in some versions.
            .multi_memory(true)
            .relaxed_simd(false)
            .exceptions(false)
            .wide_arithmetic(false);
        let mut engine = EngineBuilder::new(compiler)
            .set_features(Some(proposals))
            .engine();
        engine.set_tunables(Limiting {
            base: base(),
            style: layout.style(),
            fences: matches!(layout, Layout::Fences),
            budget: budget.clone(),
        });
        engine.into()
    }
}

/// Wasmer's own tunables, which make what they are told to make.
fn base() -> BaseTunables {
    #[cfg(not(wasmer_tunables_are_fixed))]
    return BaseTunables::for_target(&wasmer::sys::Target::default());
    #[cfg(wasmer_tunables_are_fixed)]
    return BaseTunables {};
}

fn build(settings: &'static Settings) -> Box<dyn Engine> {
    let budget = Budget::default();
    Box::new(Wasmer {
        engine: settings.engine(&budget),
        budget,
        used: 0,
        features: settings.features(),
        settings,
    })
}

macro_rules! table {
    ($( $name:literal, $about:literal: $settings:expr; )*) => {
        /// One row for each configuration.
        pub(in crate::engine) fn configurations() -> Vec<Configuration> {
            vec![$({
                static SETTINGS: Settings = $settings;
                Configuration::linked(
                    concat!("wasmer/", $name),
                    VERSION,
                    $about,
                    SETTINGS.features(),
                    || Ok(build(&SETTINGS)),
                )
            }),*]
        }
    };
}

table! {
    "cranelift", "optimising compiler, defaults": CRANELIFT;
    "cranelift+o0", "not optimising": Settings {
        compiler: Compiler::Cranelift { optimise: false },
        ..CRANELIFT
    };
    "cranelift+dynamic", "nothing reserved, 64 KiB guarded: explicit bounds checks": Settings {
        layout: Layout::Dynamic { guard: 0x1_0000 },
        ..CRANELIFT
    };
    "cranelift+no-guard", "nothing reserved, nothing guarded": Settings {
        layout: Layout::Dynamic { guard: 0 },
        ..CRANELIFT
    };
    "cranelift+small-guard", "4 GiB reserved, 64 KiB guarded behind it": Settings {
        layout: Layout::Static { guard: 0x1_0000 },
        ..CRANELIFT
    };
    "cranelift+fences", "as without a guard, but an inaccessible page behind each memory": Settings {
        layout: Layout::Fences,
        ..CRANELIFT
    };
    "cranelift+metered", "a middleware counts calls and turns of loops": Settings {
        metered: true,
        ..CRANELIFT
    };
    "cranelift+serialized", "every module serialized and deserialized": Settings {
        serialize: true,
        ..CRANELIFT
    };
    "cranelift+outside", "memories made by the embedder, and imported": Settings {
        outside: true,
        ..CRANELIFT
    };
    "singlepass", "baseline compiler, defaults": SINGLEPASS;
    "singlepass+dynamic", "nothing reserved, 64 KiB guarded": Settings {
        layout: Layout::Dynamic { guard: 0x1_0000 },
        ..SINGLEPASS
    };
    "singlepass+no-guard", "nothing reserved, nothing guarded": Settings {
        layout: Layout::Dynamic { guard: 0 },
        ..SINGLEPASS
    };
    "singlepass+small-guard", "4 GiB reserved, 64 KiB guarded behind it": Settings {
        layout: Layout::Static { guard: 0x1_0000 },
        ..SINGLEPASS
    };
    "singlepass+fences", "as without a guard, but an inaccessible page behind each memory": Settings {
        layout: Layout::Fences,
        ..SINGLEPASS
    };
    "singlepass+outside", "memories made by the embedder, and imported": Settings {
        outside: true,
        ..SINGLEPASS
    };
    "singlepass+metered", "a middleware counts calls and turns of loops": Settings {
        metered: true,
        ..SINGLEPASS
    };
    "singlepass+serialized", "every module serialized and deserialized": Settings {
        serialize: true,
        ..SINGLEPASS
    };
}
