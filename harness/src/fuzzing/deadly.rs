//! What is known to kill a process is not run in a session's own: it would end
//! the session again and again.
//!
//! Each row stands for a divergence that is in the corpus, and counts only for
//! as long as that is known and not fixed. Workers, which may die, go on
//! running such scripts in campaigns.

use wasmparser::MemoryType;

use crate::corpus::{Bug, Register};
use crate::engine::engine_of;
use crate::script::memories::memory_types;
use crate::script::{Script, Step};

/// A way to kill an engine.
struct Deadly {
    /// Its id in the register.
    bug: &'static str,
    engine: &'static str,
    /// Whether a module that defines or imports such a memory does it.
    memory: fn(&MemoryType) -> bool,
}

const DEADLY: [Deadly; 1] = [Deadly {
    bug: "wasmi-grow-maximum-2-48",
    engine: "wasmi",
    memory: |ty| {
        let page = 1_u128 << ty.page_size_log2.unwrap_or(16);
        // It takes the lowest of the maximum and the budget, in this order.
        let most = ty.maximum.map_or(0, |most| u128::from(most) * page);
        most > u128::from(u64::MAX)
    },
}];

/// The memories that the modules of a script speak of.
pub(super) fn memories(script: &Script) -> Vec<MemoryType> {
    let modules = script.steps.iter().filter_map(|step| match step {
        Step::Define { wasm, .. } => Some(wasm),
        _ => None,
    });
    modules.flat_map(|wasm| memory_types(wasm)).collect()
}

/// The id of what is known to kill the engine of `configuration`, if
/// one of these memories does.
pub(super) fn deadly(
    memories: &[MemoryType],
    configuration: &str,
    register: &Register,
) -> Option<&'static str> {
    let engine = engine_of(configuration);
    DEADLY
        .iter()
        .filter(|row| row.engine == engine)
        .filter(|row| memories.iter().any(row.memory))
        .find(|row| register.get(row.bug).is_some_and(Bug::is_open))
        .map(|row| row.bug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Status;
    use crate::script::wast::parse;

    #[test]
    fn what_is_known_to_kill_an_engine_is_kept_from_it_until_it_is_fixed() {
        let id = DEADLY[0].bug;
        let script = |maximum: u64| {
            let text = format!("(module (memory i64 0 {maximum}))");
            parse("a.wast", text.as_bytes()).unwrap().script
        };
        let told = |register: &Register, maximum, name| {
            deadly(&memories(&script(maximum)), name, register)
        };
        let mut register = Register::default();
        assert_eq!(told(&register, 1 << 48, "wasmi/eager"), None);
        register.bugs.push(Bug {
            id: id.to_owned(),
            ..Bug::example()
        });
        assert_eq!(told(&register, 1 << 48, "wasmi/eager"), Some(id));
        assert_eq!(told(&register, 1 << 47, "wasmi/eager"), None);
        assert_eq!(told(&register, 1 << 48, "wasmtime/winch"), None);
        let version = "2.0.1".to_owned();
        register.bugs[0].status = Status::Fixed {
            version,
            link: None,
        };
        assert_eq!(told(&register, 1 << 48, "wasmi/eager"), None);
    }
}
