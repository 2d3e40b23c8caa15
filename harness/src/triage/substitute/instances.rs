//! The instances of a script: which module each is made of.

use std::collections::BTreeMap;

use super::Original;
use crate::observation::Outcome;
use crate::script::Step;

/// An instance, and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The step that defines its module.
    pub(super) define: usize,
    /// The step that instantiates it.
    pub(super) made: usize,
    /// Its name.
    pub(super) name: String,
}

/// The instances that a script makes, in order, those included whose
/// instantiation fails.
pub(super) fn instances(original: &Original<'_>) -> Vec<Instance> {
    let mut modules = BTreeMap::new();
    let mut instances = Vec::new();
    for (index, step) in original.script().steps.iter().enumerate() {
        match step {
            Step::Define { module, .. } if succeeds(original, index) => {
                modules.insert(module, index);
            }
            Step::Instantiate { instance, module } => {
                instances.extend(modules.get(module).map(|&define| Instance {
                    define,
                    made: index,
                    name: instance.clone(),
                }));
            }
            _ => {}
        }
    }
    instances
}

/// Whether a step succeeds on the reference.
pub(super) fn succeeds(original: &Original<'_>, step: usize) -> bool {
    let step = original.reference.observation.steps.get(step);
    step.is_some_and(|step| matches!(step.outcome, Outcome::Values(_)))
}
