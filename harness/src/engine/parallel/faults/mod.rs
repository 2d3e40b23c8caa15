//! Planted faults: the engine with one of its rules broken each.

mod address;
mod grow;
mod queue;
mod value;

use crate::engine::Configuration;

/// One configuration per fault.
pub(super) fn all() -> Vec<Configuration> {
    let kinds = [
        address::faults(),
        value::faults(),
        grow::faults(),
        queue::faults(),
    ];
    kinds.into_iter().flatten().collect()
}

/// The configurations of faults: for each its name, what is wrong, and the rules that
/// it replaces.
macro_rules! plant {
    ($( $name:literal, $about:literal: { $($rule:item)* } )*) => {
        pub(super) fn faults() -> Vec<$crate::engine::Configuration> {
            vec![ $( {
                struct Fault;
                impl Rules for Fault { $($rule)* }
                crate::engine::parallel::configuration(concat!("parallel/", $name), $about, || {
                    Ok(crate::engine::parallel::engine(&Fault))
                })
            }, )* ]
        }
    };
}
use plant;
