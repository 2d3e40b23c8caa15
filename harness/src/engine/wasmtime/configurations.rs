//! The configurations of wasmtime.

#[cfg(test)]
mod tests;

use super::Wasmtime;
use super::settings::{Allocator, Compiler, Layout, Load, Metering, Settings, Slots};
use super::soil::Soil;
use crate::engine::{Configuration, Engine};

/// The version of the crate, from the lock file.
pub(super) const VERSION: &str = env!("TRAPLINE_WASMTIME");

const LAYOUT: Layout = Layout {
    reservation: None,
    reservation_for_growth: None,
    guard: None,
    guard_before: true,
    may_move: true,
    copy_on_write: true,
};

/// Nothing reserved and nothing guarded: every check is explicit, every grow moves.
const DYNAMIC: Layout = Layout {
    reservation: Some(0),
    reservation_for_growth: Some(0),
    guard: Some(0),
    ..LAYOUT
};

const CRANELIFT: Settings = Settings {
    compiler: Compiler::Cranelift { optimise: true },
    allocator: Allocator::OnDemand,
    layout: LAYOUT,
    signals: true,
    spectre_mitigation: true,
    metering: Metering::None,
    load: Load::Compiled,
    outside: false,
};

/// Slots as they are by default.
const SLOTS: Slots = Slots {
    keep_resident: 0,
    largest: None,
    batch: 1,
    scan: false,
};

/// Small slots, each filled by the largest memory and followed by the next at once.
const SMALL_SLOTS: Allocator = Allocator::Pooling(Slots {
    largest: Some(0x10_0000),
    ..SLOTS
});
const SMALL_SLOTS_LAYOUT: Layout = Layout {
    reservation: Some(0x10_0000),
    guard: Some(0),
    ..LAYOUT
};

/// For memories that a creator of ours makes. Wasmtime panics where it would map a data
/// segment into one that it did not make itself.
#[cfg(wasmtime_memory_layout)]
const CREATED: Layout = Layout {
    copy_on_write: false,
    ..DYNAMIC
};

const WINCH: Settings = Settings {
    compiler: Compiler::Winch,
    ..CRANELIFT
};

#[cfg(wasmtime_pulley)]
const PULLEY: Settings = Settings {
    compiler: Compiler::Pulley,
    ..CRANELIFT
};

fn build(settings: &'static Settings) -> Result<Box<dyn Engine>, String> {
    let engine = wasmtime::Engine::new(&settings.config()).map_err(|e| format!("{e:#}"))?;
    if let Metering::Epochs = settings.metering {
        tick(&engine)?;
    }
    let soil = settings.is_pooling().then(|| Soil::new(&engine));
    Ok(Box::new(Wasmtime {
        soil: soil.transpose()?,
        engine,
        features: settings.features(),
        settings,
    }))
}

/// Advances the engine's clock once a second for as long as the engine lives.
fn tick(engine: &wasmtime::Engine) -> Result<(), String> {
    let engine = engine.weak();
    let clock = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    };
    std::thread::Builder::new()
        .name("epochs".to_owned())
        .spawn(clock)
        .map(drop)
        .map_err(|e| format!("no thread for the epochs: {e}"))
}

macro_rules! table {
    ($( $(#[$so:meta])? $name:literal, $about:literal: $settings:expr; )*) => {
        /// One row for each configuration.
        pub(in crate::engine) fn configurations() -> Vec<Configuration> {
            let mut rows = Vec::new();
            $( $(#[$so])? {
                static SETTINGS: Settings = $settings;
                rows.push(Configuration::linked(
                    concat!("wasmtime/", $name),
                    VERSION,
                    $about,
                    SETTINGS.features(),
                    || build(&SETTINGS),
                ));
            } )*
            rows
        }
    };
}

table! {
    "cranelift", "optimising compiler, defaults": CRANELIFT;
    "cranelift+o0", "not optimising, registers allocated in one pass": Settings {
        compiler: Compiler::Cranelift { optimise: false },
        ..CRANELIFT
    };
    "cranelift+dynamic", "nothing reserved, nothing guarded: explicit bounds checks": Settings {
        layout: DYNAMIC,
        ..CRANELIFT
    };
    "cranelift+o0+dynamic", "not optimising, explicit bounds checks": Settings {
        compiler: Compiler::Cranelift { optimise: false },
        layout: DYNAMIC,
        ..CRANELIFT
    };
    "cranelift+small-guard", "nothing reserved but 1 MiB behind a memory that grew, 64 KiB guarded": Settings {
        layout: Layout {
            reservation: Some(0),
            reservation_for_growth: Some(0x10_0000),
            guard: Some(0x1_0000),
            ..LAYOUT
        },
        ..CRANELIFT
    };
    #[cfg(wasmtime_memory_layout)]
    "cranelift+moving", "nothing reserved, 32 MiB guarded: every grow moves": Settings {
        layout: Layout {
            reservation: Some(0),
            reservation_for_growth: Some(0),
            ..LAYOUT
        },
        ..CRANELIFT
    };
    #[cfg(wasmtime_memory_layout)]
    "cranelift+fixed", "memories never move": Settings {
        layout: Layout { may_move: false, ..LAYOUT },
        ..CRANELIFT
    };
    #[cfg(wasmtime_signals)]
    "cranelift+no-signals", "every check explicit, no signal handlers": Settings {
        signals: false,
        spectre_mitigation: false,
        ..CRANELIFT
    };
    // Only here are memories no mappings.
    #[cfg(wasmtime_signals)]
    "cranelift+malloc", "memories from the process's allocator, every check explicit": Settings {
        layout: Layout { copy_on_write: false, ..DYNAMIC },
        signals: false,
        ..CRANELIFT
    };
    "cranelift+no-cow", "data segments written, not mapped": Settings {
        layout: Layout { copy_on_write: false, ..LAYOUT },
        ..CRANELIFT
    };
    "cranelift+no-guard-before", "no guard before a memory": Settings {
        layout: Layout { guard_before: false, ..LAYOUT },
        ..CRANELIFT
    };
    "cranelift+no-spectre", "explicit bounds checks without masking": Settings {
        layout: DYNAMIC,
        spectre_mitigation: false,
        ..CRANELIFT
    };
    "cranelift+pooling", "memories are slots, used again at once": Settings {
        allocator: Allocator::Pooling(SLOTS),
        ..CRANELIFT
    };
    "cranelift+pooling+resident", "slots zeroed by hand up to 128 KiB": Settings {
        allocator: Allocator::Pooling(Slots { keep_resident: 0x2_0000, ..SLOTS }),
        ..CRANELIFT
    };
    "cranelift+pooling+small", "slots of 1 MiB, nothing guarded between them": Settings {
        allocator: SMALL_SLOTS,
        layout: SMALL_SLOTS_LAYOUT,
        ..CRANELIFT
    };
    "cranelift+pooling+batched", "eight slots given back to the system at a time": Settings {
        allocator: Allocator::Pooling(Slots { batch: 8, ..SLOTS }),
        ..CRANELIFT
    };
    #[cfg(wasmtime_pagemap_scan)]
    "cranelift+pooling+scan", "slots zeroed by hand where the system says they were written": Settings {
        allocator: Allocator::Pooling(Slots { keep_resident: 0x2_0000, scan: true, ..SLOTS }),
        ..CRANELIFT
    };
    "cranelift+pooling+no-cow", "slots, data segments written": Settings {
        allocator: Allocator::Pooling(Slots { keep_resident: 0x2_0000, ..SLOTS }),
        layout: Layout { copy_on_write: false, ..LAYOUT },
        ..CRANELIFT
    };
    // Before 28 a creator has to reserve what it is told to, and ours does not.
    #[cfg(wasmtime_memory_layout)]
    "cranelift+creator", "memories made by a creator of ours, on the heap": Settings {
        allocator: Allocator::Heap,
        layout: CREATED,
        ..CRANELIFT
    };
    #[cfg(wasmtime_memory_layout)]
    "cranelift+fences", "memories between inaccessible pages, made by a creator of ours": Settings {
        allocator: Allocator::Fences,
        layout: CREATED,
        ..CRANELIFT
    };
    "cranelift+fuel", "every instruction costs fuel": Settings {
        metering: Metering::Fuel,
        ..CRANELIFT
    };
    "cranelift+epochs", "loops and functions look at a clock": Settings {
        metering: Metering::Epochs,
        ..CRANELIFT
    };
    "cranelift+serialized", "every module serialized and deserialized": Settings {
        load: Load::Serialized,
        ..CRANELIFT
    };
    "cranelift+file", "every module mapped from a file, and data segments from it": Settings {
        load: Load::File,
        ..CRANELIFT
    };
    "cranelift+outside", "memories made by the embedder, and imported": Settings {
        outside: true,
        ..CRANELIFT
    };
    "winch", "baseline compiler, defaults": WINCH;
    "winch+dynamic", "nothing reserved, nothing guarded": Settings {
        layout: DYNAMIC,
        ..WINCH
    };
    "winch+pooling", "memories are slots, used again at once": Settings {
        allocator: Allocator::Pooling(SLOTS),
        ..WINCH
    };
    "winch+pooling+small", "slots of 1 MiB, nothing guarded between them": Settings {
        allocator: SMALL_SLOTS,
        layout: SMALL_SLOTS_LAYOUT,
        ..WINCH
    };
    #[cfg(wasmtime_memory_layout)]
    "winch+fences", "memories between inaccessible pages, made by a creator of ours": Settings {
        allocator: Allocator::Fences,
        layout: CREATED,
        ..WINCH
    };
    "winch+outside", "memories made by the embedder, and imported": Settings {
        outside: true,
        ..WINCH
    };
    "winch+fuel", "every instruction costs fuel": Settings {
        metering: Metering::Fuel,
        ..WINCH
    };
    #[cfg(wasmtime_pulley)]
    "pulley", "interpreter, defaults": PULLEY;
    #[cfg(wasmtime_pulley)]
    "pulley+dynamic", "nothing reserved, nothing guarded": Settings {
        layout: DYNAMIC,
        ..PULLEY
    };
    #[cfg(wasmtime_pulley)]
    "pulley+fences", "memories between inaccessible pages, made by a creator of ours": Settings {
        allocator: Allocator::Fences,
        layout: CREATED,
        ..PULLEY
    };
}

/// Settings with a pool, for tests.
#[cfg(test)]
pub(super) fn pools() -> [Settings; 2] {
    [0, 0x2_0000].map(|keep_resident| Settings {
        allocator: Allocator::Pooling(Slots {
            keep_resident,
            ..SLOTS
        }),
        ..CRANELIFT
    })
}
