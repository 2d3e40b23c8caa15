//! Two faults in one engine: to measure whether they are told apart.

use std::sync::Arc;

use trapline_reference::{
    Bulk, Memory, MemoryType, Request, Rmw, Rules, Site, Specification, Traps, Wait,
};

/// A fault, and the names of the rules that it replaces.
#[derive(Clone)]
pub struct Fault {
    /// The name of its configuration.
    pub name: &'static str,
    /// The rules it replaces, by the names of their methods.
    pub replaces: Vec<&'static str>,
    /// Makes its rules, for one run.
    pub rules: fn() -> Arc<dyn Rules>,
}

/// Faults have names of their own.
impl PartialEq for Fault {
    fn eq(&self, other: &Fault) -> bool {
        self.name == other.name
    }
}

/// The rules of an engine with two faults, for one run. `None` if both replace
/// the same rule: one would hide the other.
pub fn pair(a: &Fault, b: &Fault) -> Option<Arc<dyn Rules>> {
    if a.replaces.iter().any(|rule| b.replaces.contains(rule)) {
        return None;
    }
    Some(Arc::new(Pair {
        rules: [
            (a.replaces.clone(), (a.rules)()),
            (b.replaces.clone(), (b.rules)()),
        ],
    }))
}

struct Pair {
    rules: [(Vec<&'static str>, Arc<dyn Rules>); 2],
}

impl Pair {
    /// The rules that replace this one, if a fault does.
    fn replaced(&self, rule: &str) -> Option<&dyn Rules> {
        let mut rules = self.rules.iter();
        let (_, rules) = rules.find(|(names, _)| names.contains(&rule))?;
        Some(&**rules)
    }
}

/// Rules that stand on those of a pair.
trait OnPair {
    fn pair(&self) -> &Pair;
}

/// Each rule is that of the fault which replaces it, and otherwise what
/// `$plain` makes of it.
macro_rules! rules {
    ($for:ty; $( $plain:expr => fn $name:ident(&self $(, $arg:ident: $ty:ty)*) $(-> $ret:ty)?; )*) => {
        impl Rules for $for {
            $( fn $name(&self $(, $arg: $ty)*) $(-> $ret)? {
                let pair = self.pair();
                match pair.replaced(stringify!($name)) {
                    Some(rules) => rules.$name($($arg),*),
                    None => ($plain)(pair).$name($($arg),*),
                }
            } )*
        }
    };
}

/// The rules that ask no other one. In a rule that nobody replaces, what it
/// asks may be replaced: so the plain rules stand on those of the pair.
macro_rules! leaves {
    ($for:ty; $($more:tt)*) => {
        rules! { $for;
            plain => fn effective_address(&self, request: &Request, memory: &Memory) -> u128;
            plain => fn bound(&self, site: &Site, memory: &Memory) -> u128;
            plain => fn aligned(&self, request: &Request, at: u128) -> bool;
            plain => fn read(&self, request: &Request, memory: &Memory, at: u128) -> u128;
            plain => fn write(&self, request: &Request, memory: &mut Memory, at: u128, value: u128);
            plain => fn loaded(&self, request: &Request, raw: u128, vector: u128) -> u128;
            plain => fn stored(&self, request: &Request, value: u128) -> u128;
            plain => fn modified(&self, request: &Request, op: Rmw, old: u128, operand: u128) -> u128;
            plain => fn size(&self, site: &Site, memory: &Memory) -> u128;
            plain => fn may_have(&self, ty: MemoryType, pages: u128) -> bool;
            $($more)*
        }
    };
}

/// The specification, whoever asks.
fn plain(_: &Pair) -> Specification {
    Specification
}

/// What the specification says on top of the leaves.
struct Leaves<'a>(&'a Pair);
/// What it says on top of whether an access is in bounds.
struct Bounds<'a>(&'a Pair);
/// What it says on top of `memory.init`.
struct Segments<'a>(&'a Pair);

impl OnPair for Pair {
    fn pair(&self) -> &Pair {
        self
    }
}

impl OnPair for Leaves<'_> {
    fn pair(&self) -> &Pair {
        self.0
    }
}

impl OnPair for Bounds<'_> {
    fn pair(&self) -> &Pair {
        self.0
    }
}

impl OnPair for Segments<'_> {
    fn pair(&self) -> &Pair {
        self.0
    }
}

leaves! { Leaves<'_>; }

leaves! { Bounds<'_>;
    Leaves => fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool;
    Leaves => fn range_in_bounds(&self, site: &Site, memory: &Memory, start: u64, length: u64) -> bool;
}

leaves! { Segments<'_>;
    Bounds => fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps>;
}

leaves! { Pair;
    Leaves => fn in_bounds(&self, request: &Request, memory: &Memory, at: u128) -> bool;
    Leaves => fn range_in_bounds(&self, site: &Site, memory: &Memory, start: u64, length: u64) -> bool;
    Bounds => fn load(&self, request: &Request, memory: &Memory, vector: u128) -> Result<u128, Traps>;
    Bounds => fn store(&self, request: &Request, memory: &mut Memory, value: u128) -> Result<(), Traps>;
    Bounds => fn atomic_rmw(&self, request: &Request, memory: &mut Memory, op: Rmw, operand: u128) -> Result<u128, Traps>;
    Bounds => fn atomic_cmpxchg(&self, request: &Request, memory: &mut Memory, expected: u128, replacement: u128) -> Result<u128, Traps>;
    Bounds => fn wait(&self, request: &Request, memory: &Memory, expected: u128) -> Result<Wait, Traps>;
    Bounds => fn notify(&self, request: &Request, memory: &Memory, count: u32, waiting: u32) -> Result<u32, Traps>;
    Bounds => fn grow(&self, site: &Site, memory: &mut Memory, delta: u64, resources: bool) -> i128;
    Bounds => fn fill(&self, bulk: &Bulk, memory: &mut Memory, value: u8) -> Result<(), Traps>;
    Bounds => fn copy(&self, bulk: &Bulk, memory: &mut Memory, source: Option<&Memory>) -> Result<(), Traps>;
    Bounds => fn init(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps>;
    plain => fn drop_data(&self, segment: &mut Arc<[u8]>);
    Segments => fn init_active(&self, bulk: &Bulk, memory: &mut Memory, segment: &[u8]) -> Result<(), Traps>;
    plain => fn allocate(&self, ty: MemoryType) -> Memory;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::faults;
    use crate::engine::{Budget, Job, reference};
    use crate::observation::{Outcome, Watch};
    use crate::script::wast::parse;
    use trapline_reference::Value;

    #[test]
    fn an_engine_may_have_two_faults() {
        let text = r#"(module (memory 1) (data (i32.const 0) "\ff")
            (func (export "s") (result i64) (i64.load8_s (i32.const 0)))
            (func (export "e") (result i32) (i32.load8_u (i32.const 65535))))
            (invoke "s") (invoke "e")"#;
        let script = parse("p.wast", text.as_bytes()).unwrap().script;
        let fault = |name: &str| faults().into_iter().find(|f| f.name == name).unwrap();
        let (signed, short) = (fault("mutant/load8-unsigned"), fault("mutant/bound-short"));
        let watch = Watch::default();
        let budget = Budget::of(1 << 20);
        let job = Job::new(&script, budget, &watch, &[]);
        let options = reference::Options {
            rules: pair(&signed, &short).unwrap(),
            ..Default::default()
        };
        let outcomes = reference::observe(&job, &options).outcomes();
        let [.., first, second] = &outcomes[..] else {
            panic!("{outcomes:?}");
        };
        assert_eq!(*first, Outcome::Values(vec![Value::I64(0xff)]));
        assert!(matches!(second, Outcome::Trap(_)), "{second:?}");
        assert!(pair(&signed, &fault("mutant/load16-unsigned")).is_none());
    }

    #[test]
    fn what_a_fault_replaces_has_a_name() {
        for fault in faults() {
            let is_name = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            assert!(
                fault.replaces.iter().all(is_name),
                "{fault:?}",
                fault = fault.replaces
            );
        }
    }
}
