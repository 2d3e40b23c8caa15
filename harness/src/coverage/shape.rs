//! Shapes: what compilers see around an access.
//!
//! A shape has three aspects, each told from the code alone: how the address
//! came to be ([`Origin`]), what came before the access in its function
//! ([`Setting`]), and what becomes of the value, or what became of it before
//! it is stored ([`Value`]).

use trapline_reference::{Instruction, Kind};

/// How the operand of an access came to be: the instruction that leaves it on
/// the stack. An access whose operand comes from somewhere else (a call, a
/// global) has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A constant.
    Constant,
    /// A parameter, as it came.
    Parameter,
    /// Another local.
    Local,
    /// A local that an enclosing loop sets.
    Counter,
    /// An operation on numbers of one type.
    Computed,
    /// An operation that gives another type: wrapping, extending.
    Converted,
    /// A load.
    Loaded,
    /// The result of `select`, of a block or of a conditional.
    Chosen,
}

/// What came before an access in its function; the last that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Setting {
    /// Nothing that has to do with memory.
    Alone,
    /// Another access.
    After,
    /// A grow, or a call, which may have grown.
    Grown,
    /// It is on a branch of a conditional.
    Branch,
    /// It is in a loop.
    Loop,
}

/// What becomes of a loaded value, or where a stored one comes from. Only of
/// plain accesses: with atomic ones nothing is fused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Loaded, and kept as it is.
    Kept,
    /// Loaded, and the operand of an operation of one type.
    Operated,
    /// Loaded, and the operand of an operation that gives another type.
    Converted,
    /// Loaded, and an operand of `select`.
    Selected,
    /// Stored: a constant, a parameter or a local.
    Given,
    /// Stored: the result of an operation or a load.
    Made,
}

/// One aspect of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aspect {
    /// How the address came to be.
    Address(Origin),
    /// What came before.
    Setting(Setting),
    /// What becomes of the value.
    Value(Value),
}

impl Aspect {
    /// Every aspect.
    pub const ALL: [Aspect; 19] = [
        Aspect::Address(Origin::Constant),
        Aspect::Address(Origin::Parameter),
        Aspect::Address(Origin::Local),
        Aspect::Address(Origin::Counter),
        Aspect::Address(Origin::Computed),
        Aspect::Address(Origin::Converted),
        Aspect::Address(Origin::Loaded),
        Aspect::Address(Origin::Chosen),
        Aspect::Setting(Setting::Alone),
        Aspect::Setting(Setting::After),
        Aspect::Setting(Setting::Grown),
        Aspect::Setting(Setting::Branch),
        Aspect::Setting(Setting::Loop),
        Aspect::Value(Value::Kept),
        Aspect::Value(Value::Operated),
        Aspect::Value(Value::Converted),
        Aspect::Value(Value::Selected),
        Aspect::Value(Value::Given),
        Aspect::Value(Value::Made),
    ];

    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Aspect::Address(Origin::Constant) => "address-constant",
            Aspect::Address(Origin::Parameter) => "address-parameter",
            Aspect::Address(Origin::Local) => "address-local",
            Aspect::Address(Origin::Counter) => "address-counter",
            Aspect::Address(Origin::Computed) => "address-computed",
            Aspect::Address(Origin::Converted) => "address-converted",
            Aspect::Address(Origin::Loaded) => "address-loaded",
            Aspect::Address(Origin::Chosen) => "address-chosen",
            Aspect::Setting(Setting::Alone) => "alone",
            Aspect::Setting(Setting::After) => "after-access",
            Aspect::Setting(Setting::Grown) => "after-grow",
            Aspect::Setting(Setting::Branch) => "on-branch",
            Aspect::Setting(Setting::Loop) => "in-loop",
            Aspect::Value(Value::Kept) => "value-kept",
            Aspect::Value(Value::Operated) => "value-operated",
            Aspect::Value(Value::Converted) => "value-converted",
            Aspect::Value(Value::Selected) => "value-selected",
            Aspect::Value(Value::Given) => "value-given",
            Aspect::Value(Value::Made) => "value-made",
        }
    }

    /// Its place in [`Aspect::ALL`].
    pub(super) fn number(self) -> usize {
        match self {
            Aspect::Address(origin) => origin as usize,
            Aspect::Setting(setting) => 8 + setting as usize,
            Aspect::Value(value) => 13 + value as usize,
        }
    }

    /// Whether accesses of an instruction can have it: those at an address of
    /// their own (`memory.copy` and `memory.init` have one where they write)
    /// have an address and a setting, and plain loads and stores a value.
    pub(super) fn applies_to(self, op: &str) -> bool {
        let kind = Instruction::all()
            .find(|instruction| instruction.name == op)
            .map(|instruction| instruction.kind);
        let bulk = ["memory.fill", "memory.copy", "memory.init"].contains(&op);
        match self {
            Aspect::Address(_) | Aspect::Setting(_) => kind.is_some() || bulk,
            Aspect::Value(Value::Given | Value::Made) => {
                matches!(kind, Some(Kind::Store | Kind::StoreLane))
            }
            Aspect::Value(_) => matches!(
                kind,
                Some(Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::LoadLane)
            ),
        }
    }
}

/// The shape of one access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) origin: Option<Origin>,
    pub(super) setting: Setting,
    pub(super) value: Option<Value>,
}

impl Shape {
    /// The aspects it has.
    pub(super) fn aspects(&self) -> impl Iterator<Item = Aspect> + use<> {
        let Shape {
            origin,
            setting,
            value,
        } = *self;
        [
            origin.map(Aspect::Address),
            Some(Aspect::Setting(setting)),
            value.map(Aspect::Value),
        ]
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn aspects_are_numbered_in_order_and_have_names_of_their_own() {
        for (number, aspect) in Aspect::ALL.into_iter().enumerate() {
            assert_eq!(aspect.number(), number);
        }
        let names: BTreeSet<_> = Aspect::ALL.map(Aspect::name).into_iter().collect();
        assert_eq!(names.len(), Aspect::ALL.len());
    }

    #[test]
    fn atomic_accesses_have_no_value() {
        let value = Aspect::Value(Value::Kept);
        assert!(value.applies_to("v128.load8_lane") && value.applies_to("f32.load"));
        assert!(!value.applies_to("i32.atomic.load") && !value.applies_to("i32.store"));
        assert!(!Aspect::Setting(Setting::Alone).applies_to("memory.grow"));
    }
}
