//! The settings a configuration of wasmtime is made of, and what they make of it.

use std::sync::Arc;

#[cfg(wasmtime_pagemap_scan)]
use wasmtime::Enabled;
#[cfg(wasmtime_operator_cost)]
use wasmtime::OperatorCost;
#[cfg(wasmtime_single_pass)]
use wasmtime::RegallocAlgorithm;
use wasmtime::{Config, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy};

use super::creator::{Creator, Heap};
use super::fence::Fenced;
use super::limits::Reserves;
use crate::engine::{Feature, Features};

/// What runs the code, and how memories are laid out.
pub(super) struct Settings {
    pub(super) compiler: Compiler,
    pub(super) allocator: Allocator,
    pub(super) layout: Layout,
    /// Whether traps are told from signals; otherwise every check is explicit.
    pub(super) signals: bool,
    /// Whether an address is masked after its bounds check, against speculation.
    pub(super) spectre_mitigation: bool,
    pub(super) metering: Metering,
    pub(super) load: Load,
    /// Whether the memories of a module are made by the embedder.
    pub(super) outside: bool,
}

/// What runs the code.
pub(super) enum Compiler {
    /// Cranelift, optimising or not.
    Cranelift { optimise: bool },
    /// The baseline compiler.
    Winch,
    /// The interpreter.
    #[cfg(wasmtime_pulley)]
    Pulley,
}

/// Where memories come from.
pub(super) enum Allocator {
    /// Memories come and go with their store.
    OnDemand,
    /// Memories are slots of a pool that outlives stores.
    Pooling(Slots),
    /// Memories are made on the heap, by a creator of ours.
    Heap,
    /// Memories are made by a creator of ours, between inaccessible pages.
    Fences,
}

/// The slots of a pool.
pub(super) struct Slots {
    /// So many bytes of a slot are zeroed by hand when it is freed, the rest by
    /// the system.
    pub(super) keep_resident: usize,
    /// How large a memory may become, in bytes; `None` for wasmtime's default, 4 GiB.
    pub(super) largest: Option<usize>,
    /// So many slots are given back to the system at once, when there are as many.
    pub(super) batch: usize,
    /// Whether the system is asked which pages of a slot were written, where it can be:
    /// only these are zeroed.
    pub(super) scan: bool,
}

/// Where linear memories lie in the address space: sizes in bytes, `None` for
/// wasmtime's default.
pub(super) struct Layout {
    /// What is reserved for a memory when it is made.
    pub(super) reservation: Option<u64>,
    /// What is reserved behind a memory that outgrew its reservation.
    pub(super) reservation_for_growth: Option<u64>,
    /// The unmapped region behind a memory.
    pub(super) guard: Option<u64>,
    pub(super) guard_before: bool,
    pub(super) may_move: bool,
    /// Whether data segments are mapped copy-on-write instead of written.
    pub(super) copy_on_write: bool,
}

/// How compiled code gets into the store.
#[derive(Clone, Copy)]
pub(super) enum Load {
    /// As it was compiled.
    Compiled,
    /// Serialized, and deserialized from memory.
    Serialized,
    /// Serialized, and mapped from a file, with its data segments.
    File,
}

/// How a run is kept from going on for ever.
pub(super) enum Metering {
    /// It is not.
    None,
    /// Every instruction costs fuel.
    Fuel,
    /// Loops and functions look at a clock.
    Epochs,
}

/// Slots of the pool, and how many memories and tables a module may have.
const SLOTS: u32 = 100;
const PER_MODULE: u32 = 16;

impl Settings {
    pub(super) fn is_pooling(&self) -> bool {
        matches!(self.allocator, Allocator::Pooling(_))
    }

    /// Whether memories come from the process's allocator: nothing about them is up to the
    /// system's mappings.
    fn is_from_allocator(&self) -> bool {
        let Layout {
            reservation,
            guard,
            copy_on_write,
            ..
        } = self.layout;
        let on_demand = matches!(self.allocator, Allocator::OnDemand);
        let mapped = self.signals || copy_on_write || reservation != Some(0) || guard != Some(0);
        on_demand && !mapped
    }

    /// What is reserved for memories: wasmtime's defaults where nothing is said.
    pub(super) fn reserves(&self) -> Reserves {
        Reserves {
            at_first: self.layout.reservation.unwrap_or(1 << 32),
            for_growth: self.layout.reservation_for_growth.unwrap_or(1 << 31),
            written: self.is_from_allocator(),
        }
    }

    /// What a configuration with these settings can run.
    pub(super) const fn features(&self) -> Features {
        const ALL: Features = Features::of(&[
            Feature::Memory64,
            Feature::MultiMemory,
            Feature::Threads,
            Feature::CustomPageSizes,
            Feature::Simd,
            Feature::TailCall,
            Feature::ExtendedConst,
        ]);
        const THREADS: Features = Features::of(&[Feature::Threads]);
        // Before 26 there are memories of 64 bits, but not the tables that come with
        // them, and Winch has neither atomics nor vectors.
        #[cfg(wasmtime_tables64)]
        const LACKS: Features = Features::NONE;
        #[cfg(not(wasmtime_tables64))]
        const LACKS: Features = Features::of(&[Feature::Memory64, Feature::ExtendedConst]);
        #[cfg(wasmtime_winch_without_threads)]
        const WINCH_LACKS: Features = THREADS;
        #[cfg(all(wasmtime_tables64, not(wasmtime_winch_without_threads)))]
        const WINCH_LACKS: Features = Features::NONE;
        #[cfg(not(wasmtime_tables64))]
        const WINCH_LACKS: Features =
            Features::of(&[Feature::Threads, Feature::Atomics, Feature::Simd]);
        #[cfg(wasmtime_tables64)]
        const POOL_LACKS: Features = Features::NONE;
        #[cfg(not(wasmtime_tables64))]
        const POOL_LACKS: Features = Features::of(&[Feature::CustomPageSizes]);
        const ATOMICS: Features = Features::of(&[Feature::Atomics]);
        let features = match self.compiler {
            Compiler::Cranelift { .. } => ALL,
            Compiler::Winch => ALL
                .without(Features::of(&[Feature::TailCall]))
                .without(WINCH_LACKS),
            #[cfg(wasmtime_pulley)]
            Compiler::Pulley => ALL.without(THREADS),
        };
        let features = match &self.allocator {
            Allocator::Pooling(_) => features.without(LACKS).without(POOL_LACKS),
            _ => features.without(LACKS),
        };
        // A shared memory neither lives in a pool nor moves: where nothing is
        // reserved for it, it does not grow.
        match (&self.allocator, self.layout.reservation) {
            _ if !features.has(Feature::Threads) => features,
            (Allocator::Pooling(_), _) | (_, Some(_)) => features.without(THREADS).and(ATOMICS),
            (_, None) => features,
        }
    }

    // Long, as it has a few lines for each setting, each of which is taken apart.
    pub(super) fn config(&self) -> Config {
        let Settings {
            compiler,
            allocator,
            layout,
            signals,
            spectre_mitigation,
            metering,
            load: _,
            outside: _,
        } = self;
        let mut config = Config::new();
        match compiler {
            Compiler::Cranelift { optimise } => {
                config.strategy(Strategy::Cranelift);
                if !optimise {
                    do_not_optimise(&mut config);
                }
            }
            Compiler::Winch => {
                // Cranelift compiles no more than the way in and out, which
                // would else take a third of the time.
                config.strategy(Strategy::Winch);
                do_not_optimise(&mut config);
            }
            #[cfg(wasmtime_pulley)]
            Compiler::Pulley => {
                config
                    .target("pulley64")
                    .expect("the interpreter is linked in");
            }
        }
        layout.apply(&mut config);
        match allocator {
            Allocator::OnDemand => {}
            Allocator::Heap => {
                config.with_host_memory(Arc::new(Creator::<Heap>::new()));
            }
            Allocator::Fences => {
                config.with_host_memory(Arc::new(Creator::<Fenced>::new()));
            }
            Allocator::Pooling(slots) => {
                let Slots {
                    keep_resident,
                    largest,
                    batch,
                    scan,
                } = slots;
                let mut pool = PoolingAllocationConfig::default();
                pool.total_core_instances(SLOTS)
                    .total_memories(SLOTS)
                    .total_tables(SLOTS)
                    .max_memories_per_module(PER_MODULE)
                    .max_tables_per_module(PER_MODULE)
                    // A slot just freed is the first to be used again.
                    .max_unused_warm_slots(0)
                    .linear_memory_keep_resident(*keep_resident)
                    .decommit_batch_size(*batch);
                if let Some(bytes) = largest {
                    pool.max_memory_size(*bytes);
                }
                #[cfg(wasmtime_pagemap_scan)]
                pool.pagemap_scan(match scan {
                    true => Enabled::Auto,
                    false => Enabled::No,
                });
                #[cfg(not(wasmtime_pagemap_scan))]
                debug_assert!(!scan, "no configuration has it");
                config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
            }
        }
        #[cfg(wasmtime_signals)]
        config.signals_based_traps(*signals);
        #[cfg(not(wasmtime_signals))]
        debug_assert!(signals, "it has no other traps");
        if !spectre_mitigation {
            for flag in [
                "enable_heap_access_spectre_mitigation",
                "enable_table_access_spectre_mitigation",
            ] {
                // SAFETY: the flag only leaves out a hardening measure; it
                // does not change what the code does.
                #[expect(unsafe_code, reason = "wasmtime has no other way to say it")]
                unsafe {
                    config.cranelift_flag_set(flag, "false");
                }
            }
        }
        match metering {
            Metering::None => {}
            Metering::Fuel => {
                config.consume_fuel(true);
                #[cfg(wasmtime_operator_cost)]
                {
                    // Bytes are charged before they are found to be out of
                    // bounds: a length near 2^32 would be the end of the script.
                    let mut cost = OperatorCost::new();
                    cost.variable.memory_copy_per_byte = 0;
                    cost.variable.memory_fill_per_byte = 0;
                    cost.variable.memory_init_per_byte = 0;
                    config.operator_cost(cost);
                }
            }
            Metering::Epochs => {
                config.epoch_interruption(true);
            }
        }
        // What is not declared is left as the compiler has it, so that a check
        // of the declaration sees what it can do.
        config
            .wasm_custom_page_sizes(true)
            .wasm_relaxed_simd(false)
            // Nobody reads where in a module a trap stands.
            .generate_address_map(false)
            .native_unwind_info(false);
        #[cfg(wasmtime_shared_memory)]
        config.shared_memory(true);
        #[cfg(wasmtime_backtrace_max_frames)]
        config.wasm_backtrace_max_frames(None);
        #[cfg(not(wasmtime_backtrace_max_frames))]
        config.wasm_backtrace(false);
        config
    }
}

impl Layout {
    /// Tells wasmtime.
    fn apply(&self, config: &mut Config) {
        let Layout {
            reservation,
            reservation_for_growth,
            guard,
            guard_before,
            may_move,
            copy_on_write,
        } = self;
        #[cfg(wasmtime_memory_layout)]
        {
            if let Some(bytes) = reservation {
                config.memory_reservation(*bytes);
            }
            if let Some(bytes) = reservation_for_growth {
                config.memory_reservation_for_growth(*bytes);
            }
            if let Some(bytes) = guard {
                config.memory_guard_size(*bytes);
            }
            config.memory_may_move(*may_move);
        }
        // One word each for memories with a reservation and for those without,
        // which always may move.
        #[cfg(not(wasmtime_memory_layout))]
        {
            debug_assert!(may_move, "there is no word for it");
            if let Some(bytes) = reservation {
                config.static_memory_maximum_size(*bytes);
            }
            if let Some(bytes) = reservation_for_growth {
                config.dynamic_memory_reserved_for_growth(*bytes);
            }
            if let Some(bytes) = guard {
                config.static_memory_guard_size(*bytes);
                config.dynamic_memory_guard_size(*bytes);
            }
        }
        config
            .guard_before_linear_memory(*guard_before)
            .memory_init_cow(*copy_on_write);
    }
}

/// Compiles as fast as Cranelift can.
fn do_not_optimise(config: &mut Config) {
    config.cranelift_opt_level(OptLevel::None);
    #[cfg(wasmtime_single_pass)]
    config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
}
