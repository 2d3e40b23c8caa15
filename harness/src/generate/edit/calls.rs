//! Edits of calls: their arguments, their number, their order.

use trapline_reference::Value;
use wasm_encoder::ValType;

use super::super::call;
use super::super::dice::Dice;
use super::super::edge::{self, Place};
use super::super::foreign::memory_type;
use super::super::memory::{Live, Means};
use crate::script::memories::memory_types;
use crate::script::{HOST, HostFunc, Script, Step};

/// The calls of a script, by step.
fn calls(script: &Script) -> Vec<usize> {
    let steps = script.steps.iter().enumerate();
    let is_call = |(_, step): &(usize, &Step)| matches!(step, Step::Invoke { .. });
    steps.filter(is_call).map(|(index, _)| index).collect()
}

/// One of several; none of none.
fn one_of(dice: &mut Dice<'_, '_>, indices: &[usize]) -> Option<usize> {
    let chosen = dice.index(indices.len());
    indices.get(chosen).copied()
}

/// Changes an argument.
pub(super) fn argument(script: &mut Script, dice: &mut Dice<'_, '_>, means: Means) -> Option<()> {
    let takes_some = |&index: &usize| match &script.steps[index] {
        Step::Invoke { args, .. } => args.iter().any(|&arg| number(arg).is_some()),
        _ => false,
    };
    let calls: Vec<usize> = calls(script).into_iter().filter(takes_some).collect();
    let index = one_of(dice, &calls)?;
    let live = memory(script, index, dice, means);
    let Step::Invoke { args, .. } = &mut script.steps[index] else {
        return None;
    };
    let numbers: Vec<usize> = (0..args.len())
        .filter(|&i| number(args[i]).is_some())
        .collect();
    let which = one_of(dice, &numbers)?;
    let (ty, old) = number(args[which])?;
    let new = call::value(ty, moved(dice, old, live.as_ref()));
    let changed = std::mem::replace(&mut args[which], new) != new;
    changed.then_some(())
}

/// Another number in the place of one, for an address, a length, a number of
/// pages or a value: nobody knows which.
pub(super) fn moved(dice: &mut Dice<'_, '_>, old: u64, live: Option<&Live>) -> u64 {
    match (dice.up_to(11), live) {
        (0..=5, Some(live)) => {
            let place = dice.pick(&[Place::End, Place::Inside, Place::Far]);
            let width = dice.pick(&[4, 1, 2, 8, 16]);
            edge::effective(dice, live, width, place) as u64
        }
        (6, Some(live)) => edge::delta(dice, live),
        (7..=9, _) => old.wrapping_add_signed(dice.between(-9, 9)),
        _ => edge::value(dice),
    }
}

/// The type and the low bits of what is not a reference.
fn number(value: Value) -> Option<(ValType, u64)> {
    Some(match value {
        Value::I32(bits) => (ValType::I32, bits.into()),
        Value::I64(bits) => (ValType::I64, bits),
        Value::F32(bits) => (ValType::F32, bits.into()),
        Value::F64(bits) => (ValType::F64, bits),
        Value::V128(bits) => (ValType::V128, bits as u64),
        Value::FuncRef(_) | Value::ExternRef(_) => return None,
    })
}

/// A memory that the call at this step may work on: as declared, or grown a little.
fn memory(script: &Script, call: usize, dice: &mut Dice<'_, '_>, means: Means) -> Option<Live> {
    let before = &script.steps[..call];
    let Step::Invoke { instance, func, .. } = &script.steps[call] else {
        return None;
    };
    let instance = match HostFunc::parse(func) {
        Some(host) if instance == HOST => before.iter().rev().find_map(|step| match step {
            Step::Register { instance, name } if *name == host.instance => Some(instance),
            _ => None,
        })?,
        _ => instance,
    };
    let module = before.iter().rev().find_map(|step| match step {
        Step::Instantiate {
            instance: i,
            module,
        } if i == instance => Some(module),
        _ => None,
    })?;
    let wasm = before.iter().rev().find_map(|step| match step {
        Step::Define { module: m, wasm } if m == module => Some(wasm),
        _ => None,
    })?;
    let types = memory_types(wasm);
    let ty = *types.get(dice.index(types.len()))?;
    let mut live = Live::new(memory_type(ty), means);
    if dice.percent(30) {
        live.grow(1 + dice.up_to(1));
    }
    Some(live)
}

/// Makes a call, or an instance, once more.
pub(super) fn duplicate(script: &mut Script, dice: &mut Dice<'_, '_>) -> Option<()> {
    let repeatable = |step: &Step| match step {
        Step::Invoke { .. } => true,
        Step::Instantiate { .. } => dice.percent(20),
        _ => false,
    };
    let which: Vec<bool> = script.steps.iter().map(repeatable).collect();
    let indices: Vec<usize> = (0..which.len()).filter(|&i| which[i]).collect();
    let index = one_of(dice, &indices)?;
    let step = script.steps[index].clone();
    let place = index + 1 + dice.index(script.steps.len() - index);
    script.steps.insert(place, step);
    Some(())
}

/// Leaves out a call, unless it is the only one.
pub(super) fn remove(script: &mut Script, dice: &mut Dice<'_, '_>) -> Option<()> {
    let calls = calls(script);
    let index = one_of(dice, &calls).filter(|_| calls.len() > 1)?;
    script.steps.remove(index);
    Some(())
}

/// Lets two calls to one instance change places.
pub(super) fn reorder(script: &mut Script, dice: &mut Dice<'_, '_>) -> Option<()> {
    let calls = calls(script);
    let first = one_of(dice, &calls)?;
    let callee = |index: usize| match &script.steps[index] {
        Step::Invoke { instance, .. } => Some(instance),
        _ => None,
    };
    let differs = |&other: &usize| {
        callee(other) == callee(first) && script.steps[other] != script.steps[first]
    };
    let others: Vec<usize> = calls.into_iter().filter(differs).collect();
    let second = one_of(dice, &others)?;
    script.steps.swap(first, second);
    Some(())
}
