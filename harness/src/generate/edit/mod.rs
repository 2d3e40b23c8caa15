//! Edits: a script that is there already, moved to other edges.
//!
//! Most edits leave a valid script valid. Calls are edited in place (`calls`),
//! modules by encoding them anew with one thing changed (`module`), two scripts
//! become one by going on with the second where the first breaks off (`splice`).

mod calls;
mod module;
mod splice;
#[cfg(test)]
mod tests;

use arbitrary::Unstructured;

pub use splice::splice;

use super::dice::Dice;
use super::memory::Means;
use crate::engine::Budget;
use crate::script::Script;

/// A way to edit a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    /// An argument of a call becomes another, mostly an address at an edge.
    Argument,
    /// A call is made, or a module instantiated, once more.
    Duplicate,
    /// A call is left out.
    Remove,
    /// Two calls to the same instance change places.
    Reorder,
    /// The static offset of an access moves to an edge.
    Offset,
    /// A memory gets other limits.
    Limits,
    /// A constant becomes another, mostly an address at an edge.
    Constant,
    /// An instruction becomes another of the same type.
    Sibling,
}

impl Edit {
    /// Every way.
    pub const ALL: [Edit; 8] = [
        Edit::Argument,
        Edit::Duplicate,
        Edit::Remove,
        Edit::Reorder,
        Edit::Offset,
        Edit::Limits,
        Edit::Constant,
        Edit::Sibling,
    ];

    /// Of a hundred edits, how many are of this kind. Compiling a module costs
    /// more than calling it, and a call that is left out shows less.
    fn weight(self) -> u32 {
        match self {
            Edit::Argument => 40,
            Edit::Duplicate | Edit::Limits => 8,
            Edit::Remove => 6,
            Edit::Reorder => 8,
            Edit::Offset | Edit::Constant => 10,
            Edit::Sibling => 10,
        }
    }
}

/// Edits a script for runs with this budget, as `bytes` say; the way in which
/// it was edited, or `None` if it has nothing to be edited in the way drawn,
/// and is what it was.
///
/// ```
/// use trapline_harness::{engine::Budget, generate::edit, script::wast::parse};
/// let text = br#"(module (memory 1) (func (export "f") (param i32) (result i32)
///     (i32.load (local.get 0)))) (invoke "f" (i32.const 7))"#;
/// let mut script = parse("a.wast", text)?.script;
/// let before = script.clone();
/// let mut bytes = arbitrary::Unstructured::new(&[0; 40]);
/// let budget = Budget::of(1 << 20);
/// assert_eq!(edit::edit(&mut script, &mut bytes, budget), Some(edit::Edit::Argument));
/// assert_ne!(script, before);
/// # Ok::<(), trapline_harness::script::input::InputError>(())
/// ```
pub fn edit(script: &mut Script, bytes: &mut Unstructured<'_>, budget: Budget) -> Option<Edit> {
    let mut dice = Dice::new(bytes);
    let choices = Edit::ALL.map(|edit| (edit.weight(), edit));
    let edit = dice.weighted(&choices);
    let means = Means::of(budget.memory_bytes, false);
    apply(edit, script, &mut dice, means).map(|()| edit)
}

/// Edits a script in this way, if it has what that takes.
fn apply(edit: Edit, script: &mut Script, dice: &mut Dice<'_, '_>, means: Means) -> Option<()> {
    match edit {
        Edit::Argument => calls::argument(script, dice, means),
        Edit::Duplicate => calls::duplicate(script, dice),
        Edit::Remove => calls::remove(script, dice),
        Edit::Reorder => calls::reorder(script, dice),
        Edit::Offset | Edit::Limits | Edit::Constant | Edit::Sibling => {
            module::edit(edit, script, dice, means)
        }
    }
}
