//! Mutants: the reference with one fault each, to measure what testing finds.
//!
//! Each is modelled on a way in which engines go wrong, and changes one of the
//! reference's [`Rules`](trapline_reference::Rules); the reference's own code
//! knows nothing of them.

mod address;
mod atomic;
mod bulk;
mod grow;
mod life;
mod pair;
mod value;

use super::{Configuration, reference};

pub use pair::{Fault, pair};

/// One configuration per fault, each named `mutant/FAULT`. They are engines to
/// be asked for by name, and not among [`all`](super::all).
pub fn mutants() -> Vec<Configuration> {
    let kinds = [
        address::mutants(),
        grow::mutants(),
        bulk::mutants(),
        atomic::mutants(),
        value::mutants(),
        life::mutants(),
    ];
    kinds.into_iter().flatten().collect()
}

/// The faults themselves, to be put together.
pub fn faults() -> Vec<Fault> {
    let kinds = [
        address::faults(),
        grow::faults(),
        bulk::faults(),
        atomic::faults(),
        value::faults(),
        life::faults(),
    ];
    kinds.into_iter().flatten().collect()
}

/// The configurations of faults: for each its name, what is wrong, and the
/// rules that it replaces.
macro_rules! plant {
    ($( $name:literal, $about:literal: { $($rule:item)* } )*) => {
        pub(super) fn mutants() -> Vec<$crate::engine::Configuration> {
            vec![ $( {
                struct Mutant;
                impl trapline_reference::Rules for Mutant { $($rule)* }
                super::configuration(concat!("mutant/", $name), $about, || {
                    Ok($crate::engine::reference::engine(|| std::sync::Arc::new(Mutant)))
                })
            }, )* ]
        }

        pub(super) fn faults() -> Vec<super::Fault> {
            vec![ $( {
                struct Mutant;
                impl trapline_reference::Rules for Mutant { $($rule)* }
                super::Fault {
                    name: concat!("mutant/", $name),
                    replaces: vec![ $( super::rule_name(stringify!($rule)) ),* ],
                    rules: || std::sync::Arc::new(Mutant),
                }
            }, )* ]
        }
    };
}
use plant;

/// The name of the method that a rule is.
fn rule_name(rule: &'static str) -> &'static str {
    // The compiler may break lines where it likes.
    let mut words = rule.split_whitespace().skip_while(|&word| word != "fn");
    let name = words.nth(1).unwrap_or(rule);
    name.split('(').next().unwrap_or(name)
}

fn configuration(name: &str, about: &str, build: super::Build) -> Configuration {
    let version = env!("CARGO_PKG_VERSION");
    Configuration::linked(name, version, about, reference::FEATURES, build)
}

/// A configuration of a name, for a runner that makes the engine itself.
pub(crate) fn placeholder(name: &'static str) -> Configuration {
    configuration(name, "planted faults", || {
        Err("made by its runner".to_owned())
    })
}

/// So many ones, from the least significant bit.
fn ones(bits: u32) -> u128 {
    u128::MAX.checked_shr(128 - bits).unwrap_or(0)
}
