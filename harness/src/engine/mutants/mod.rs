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
mod value;

use super::{Configuration, reference};

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

/// The configurations of faults: for each its name, what is wrong, and the
/// rules that it replaces.
macro_rules! faults {
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
    };
}
use faults;

fn configuration(
    name: &'static str,
    about: &'static str,
    build: fn() -> Result<Box<dyn super::Engine>, String>,
) -> Configuration {
    Configuration {
        name,
        version: env!("CARGO_PKG_VERSION"),
        about,
        features: reference::FEATURES,
        build,
    }
}

/// So many ones, from the least significant bit.
fn ones(bits: u32) -> u128 {
    u128::MAX.checked_shr(128 - bits).unwrap_or(0)
}
