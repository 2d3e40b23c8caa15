//! Configurations of engines, as the lines of Rust that make them.

use crate::engine::Name;

/// How an engine is made in a stand-alone program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Before the engine is made.
    pub(super) config: Vec<&'static str>,
    /// After the store (in wasmer, the engine) is made.
    pub(super) store: Vec<&'static str>,
}

/// The lines for a configuration (`wasmtime/winch+fuel`); `None` if it does
/// something that a few lines do not say.
pub(super) fn lines(configuration: &str) -> Option<Lines> {
    let name = Name::parse(configuration)?;
    let mut lines = Lines::default();
    for part in std::iter::once(name.compiler).chain(name.each_option()) {
        let (config, store): (&[&str], &[&str]) = match name.engine {
            "wasmtime" => wasmtime(part)?,
            "wasmi" => wasmi(part)?,
            "wasmer" => wasmer(part)?,
            _ => return None,
        };
        lines.config.extend(config);
        lines.store.extend(store);
    }
    Some(lines)
}

type Parts = (&'static [&'static str], &'static [&'static str]);

fn wasmtime(part: &str) -> Option<Parts> {
    let config: &[&str] = match part {
        "cranelift" => &["config.strategy(Strategy::Cranelift);"],
        "winch" => &["config.strategy(Strategy::Winch);"],
        "pulley" => &["config.target(\"pulley64\").expect(\"it is linked in\");"],
        "o0" => &[
            "config.cranelift_opt_level(OptLevel::None);",
            "config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);",
        ],
        "dynamic" => {
            &["config.memory_reservation(0).memory_reservation_for_growth(0).memory_guard_size(0);"]
        }
        "small-guard" => &[
            "config.memory_reservation(0).memory_reservation_for_growth(0x10_0000);",
            "config.memory_guard_size(0x1_0000);",
        ],
        "moving" => &["config.memory_reservation(0).memory_reservation_for_growth(0);"],
        "fixed" => &["config.memory_may_move(false);"],
        "no-cow" => &["config.memory_init_cow(false);"],
        "no-guard-before" => &["config.guard_before_linear_memory(false);"],
        "pooling" => &[
            "config.allocation_strategy(InstanceAllocationStrategy::Pooling({",
            "    let mut pool = PoolingAllocationConfig::new();",
            "    pool.max_memories_per_module(16).max_tables_per_module(16).max_unused_warm_slots(0);",
            "    pool",
            "}));",
        ],
        // After the lines for "pooling", which they replace.
        "small" => &[
            "config.memory_reservation(0x10_0000).memory_guard_size(0);",
            "config.allocation_strategy(InstanceAllocationStrategy::Pooling({",
            "    let mut pool = PoolingAllocationConfig::new();",
            "    pool.max_memories_per_module(16).max_tables_per_module(16).max_unused_warm_slots(0);",
            "    pool.max_memory_size(0x10_0000);",
            "    pool",
            "}));",
        ],
        "fuel" => {
            return Some((
                &["config.consume_fuel(true);"],
                &["store.set_fuel(u64::MAX).expect(\"fuel is on\");"],
            ));
        }
        "epochs" => {
            return Some((
                &["config.epoch_interruption(true);"],
                &["store.set_epoch_deadline(1 << 40);"],
            ));
        }
        _ => return None,
    };
    Some((config, &[]))
}

fn wasmi(part: &str) -> Option<Parts> {
    let config: &[&str] = match part {
        "eager" => &["config.compilation_mode(CompilationMode::Eager);"],
        "lazy-translation" => &["config.compilation_mode(CompilationMode::LazyTranslation);"],
        "fuel" => {
            return Some((
                &["config.consume_fuel(true);"],
                &["store.set_fuel(200_000_000).expect(\"fuel is on\");"],
            ));
        }
        _ => return None,
    };
    Some((config, &[]))
}

fn wasmer(part: &str) -> Option<Parts> {
    const TUNABLES: &str = "let mut tunables = BaseTunables::for_target(&Target::default());";
    const DYNAMIC: &str = "tunables.static_memory_bound = 0u32.into();";
    Some(match part {
        "cranelift" => (&["let mut compiler = sys::Cranelift::new();"], &[]),
        "singlepass" => (&["let mut compiler = sys::Singlepass::new();"], &[]),
        "o0" => (&["compiler.opt_level(sys::CraneliftOptLevel::None);"], &[]),
        "dynamic" => (
            &[],
            &[
                TUNABLES,
                DYNAMIC,
                "tunables.dynamic_memory_offset_guard_size = 0x1_0000;",
                "engine.set_tunables(tunables);",
            ],
        ),
        "no-guard" => (
            &[],
            &[
                TUNABLES,
                DYNAMIC,
                "tunables.dynamic_memory_offset_guard_size = 0;",
                "engine.set_tunables(tunables);",
            ],
        ),
        _ => return None,
    })
}
