//! The cause of a bug, as experiments have found it.

use serde::{Deserialize, Serialize};
use trapline_reference::Access;
use wildmatch::WildMatch;

use crate::judge::{Class, Place, Signature, Subject, memory_kind};

/// What a bug comes of: the ingredient of a script without which it does not
/// show. What diverges and does not any more with the ingredient exchanged is
/// this bug.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cause {
    /// The [substitution](crate::triage::substitute) that exchanges it; none
    /// where no substitution makes the bug go away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substitution: Option<String>,
    /// Where it is exchanged.
    #[serde(flatten)]
    pub at: Ingredient,
    /// What the engine says when it panics; empty where it does not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub words: String,
    /// What its reduced script was described as. It tells bugs apart where no
    /// substitution does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature: String,
    /// The substitutions that were tried on the reduced script and made the
    /// bug go away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub heals: Vec<String>,
    /// Those that were tried and did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stays: Vec<String>,
}

/// Accesses to memories, described by what is common to all that show a bug.
/// A list that is empty leaves open what it would say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ingredient {
    /// Names of instructions, in which `*` stands for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<String>,
    /// Where the access stands relative to the bound.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// The kinds of memory, as in `i64-shared`, in which `*` stands for any text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub memories: Vec<String>,
}

impl Cause {
    /// Whether nothing but taking the whole call away makes the bug go away, so
    /// that the substitution says nothing about it.
    pub(crate) fn is_weak(&self) -> bool {
        let what = self.substitution.as_deref();
        what.is_none_or(|name| name == "effects")
    }

    /// The class and the subject of the reduced script, if its description has both.
    pub(crate) fn looks(&self) -> Option<(&str, &str)> {
        looks(&self.signature)
    }

    /// Whether a divergence of this class and subject looks like it.
    pub(crate) fn looks_like(&self, class: Class, subject: &Subject) -> bool {
        let signature = Signature {
            class,
            engine: String::new(),
            variants: Vec::new(),
            subject: subject.clone(),
        };
        self.looks()
            .is_some_and(|this| looks(&signature.to_string()) == Some(this))
    }
}

/// The class and the subject in the text of a signature.
fn looks(signature: &str) -> Option<(&str, &str)> {
    let (class, rest) = signature.split_once('_')?;
    let (_, subject) = rest.split_once('_')?;
    // A memory that is made with a wrong size is that before anything else.
    let made = ["data", "module", "instantiate"];
    let is_new = class == "memory-size" && made.iter().any(|made| subject.starts_with(made));
    Some((class, if is_new { "instantiate" } else { subject }))
}

impl Ingredient {
    /// Whether an access is one of those.
    pub fn is(&self, access: &Access) -> bool {
        let Ingredient {
            instructions: _,
            places,
            memories,
        } = self;
        let place = Place::of(access.address, access.length, access.size);
        self.is_instruction(access.op)
            && (places.is_empty() || access.grow.is_some() || places.contains(&place))
            && (memories.is_empty() || fits(memories, &memory_kind(access)))
    }

    /// Whether an instruction of this name, wherever it stands, is one of those.
    pub fn is_instruction(&self, name: &str) -> bool {
        self.instructions.is_empty() || fits(&self.instructions, name)
    }
}

fn fits(patterns: &[String], name: &str) -> bool {
    let mut patterns = patterns.iter();
    patterns.any(|pattern| WildMatch::new(pattern).matches(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_looks_are_without_the_engine() {
        let looks = |signature| looks(signature).unwrap();
        let load = ("value", "i32.load8_u_i64-shared_inside");
        assert_eq!(
            looks("value_wasmer-singlepass_i32.load8_u_i64-shared_inside"),
            load
        );
        let new = ("memory-size", "instantiate");
        assert_eq!(looks("memory-size_wasmi_instantiate_pages"), new);
        assert_eq!(looks("memory-size_wasmi_data_i32_inside"), new);
        assert_ne!(looks("memory-size_wasmi_memory.size_i32"), new);
        assert_eq!(super::looks(""), None);
    }
}
