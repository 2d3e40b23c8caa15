//! Data segments: active and passive, at the edge of the memory they fill.

use wasm_encoder::{ConstExpr, ValType};

use super::dice::Dice;
use super::edge::{self, Place};
use super::memory::{Live, address_type};
use super::module::{Plan, const_expr};
use crate::engine::Feature;

/// A data segment.
pub(super) struct Segment {
    pub(super) mode: Mode,
    pub(super) bytes: Vec<u8>,
}

/// Where a data segment goes.
pub(super) enum Mode {
    /// Nowhere by itself.
    Passive,
    /// Into a memory, when the module is instantiated.
    Active { memory: u32, offset: Offset },
}

/// The constant expression that says where an active segment goes.
pub(super) enum Offset {
    /// One constant.
    Const(ValType, u64),
    /// The sum of two constants.
    Sum(ValType, u64, u64),
    /// An imported global.
    Global(u32),
}

impl Offset {
    pub(super) fn encode(&self) -> ConstExpr {
        match *self {
            Offset::Const(ty, value) => const_expr(ty, value),
            Offset::Sum(ValType::I32, a, b) => ConstExpr::i32_const(a as u32 as i32)
                .with_i32_const(b as u32 as i32)
                .with_i32_add(),
            Offset::Sum(_, a, b) => ConstExpr::i64_const(a as i64)
                .with_i64_const(b as i64)
                .with_i64_add(),
            Offset::Global(index) => ConstExpr::global_get(index),
        }
    }
}

/// Adds a passive segment.
pub(super) fn passive(dice: &mut Dice<'_, '_>, plan: &mut Plan) {
    let bytes = bytes(dice);
    plan.segments.push(Segment {
        mode: Mode::Passive,
        bytes,
    });
}

/// Adds an active segment that fits its memory as it is when nobody has grown
/// it, or, for `Place::End` and `Place::Far`, may not.
pub(super) fn active(dice: &mut Dice<'_, '_>, plan: &mut Plan, place: Place) {
    if plan.memories.is_empty() {
        return;
    }
    let memory = dice.index(plan.memories.len());
    let ty = plan.memories[memory].ty;
    let live = Live::new(ty, plan.means);
    let mut bytes = bytes(dice);
    if place == Place::Inside && live.bytes() < bytes.len() as u128 {
        bytes.clear();
    }
    let at = address_type(&ty);
    let address = edge::effective(dice, &live, bytes.len() as u64, place) as u64;
    let globals: Vec<u32> = (0u32..)
        .zip(&plan.globals)
        .filter(|(_, (_, _, ty))| *ty == at)
        .map(|(index, _)| index)
        .collect();
    let offset = if !globals.is_empty() && dice.percent(40) {
        Offset::Global(globals[dice.index(globals.len())])
    } else if plan.profile.features.has(Feature::ExtendedConst) && dice.percent(50) {
        let part = edge::value(dice);
        Offset::Sum(at, part, address.wrapping_sub(part))
    } else {
        Offset::Const(at, address)
    };
    plan.segments.push(Segment {
        mode: Mode::Active {
            memory: memory as u32,
            offset,
        },
        bytes,
    });
}

fn bytes(dice: &mut Dice<'_, '_>) -> Vec<u8> {
    let len = match dice.up_to(7) {
        0 => 0,
        1 => 1,
        2 => 300,
        _ => dice.up_to(40),
    };
    let first = dice.up_to(255) as u8;
    // No two neighbours alike, and none of the first 255 zero.
    (0..len)
        .map(|i| first.wrapping_add(i as u8).max(1))
        .collect()
}
