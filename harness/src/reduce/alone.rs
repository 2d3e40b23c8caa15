//! Starting points of a reduction: one access of the run, alone in a module.
//!
//! A large module often goes wrong at one instruction, and what is around it only
//! brings that about: the address, the bytes there, the size of the memory. What the
//! reference recorded of the access says all of that, so that a few lines can do the
//! same at once, whatever the size of the module.

use std::collections::BTreeSet;

use trapline_reference::{Access, AddressType, Instruction, Kind, ValueType};

use super::case::bytes;
use crate::script::print::value_type;
use crate::script::{Script, wast};

/// So many accesses are tried, at the most.
const MOST: usize = 200;

/// A script with so many bytes of modules is reduced as it is: the passes take no longer.
const SMALL: usize = 4096;

/// Scripts of one function, in which it makes one of these accesses of a run of `script`
/// and gives what comes of it or stores that; of those that look alike only one, the
/// last ones first. None where the script is small itself.
pub fn alone<'t>(
    script: &Script,
    trace: impl DoubleEndedIterator<Item = &'t Access>,
) -> Vec<Script> {
    match bytes(script.steps.iter()) <= SMALL {
        true => Vec::new(),
        false => each(trace),
    }
}

/// The same of a script of any size.
fn each<'t>(trace: impl DoubleEndedIterator<Item = &'t Access>) -> Vec<Script> {
    let mut seen = BTreeSet::new();
    let accesses = trace.rev().filter(|access| seen.insert(looks(access)));
    let texts = accesses.take(MOST).flat_map(texts);
    let scripts = texts.filter_map(|text| wast::parse("alone.wast", text.as_bytes()).ok());
    scripts.map(|source| source.script).collect()
}

/// What accesses have in common that look alike.
fn looks(access: &Access) -> impl Ord + use<> {
    let end = access.address + access.length;
    let beyond = end.abs_diff(access.size).min(16);
    let result = access.result.unwrap_or_default();
    let signs = [7, 15, 31, 63].map(|bit| result >> bit & 1 != 0);
    (
        (access.op, access.trapped, access.ty.shared),
        (
            access.ty.address == AddressType::I64,
            access.ty.page_size_log2,
        ),
        (
            end > access.size,
            beyond,
            access.address % 8,
            access.offset == 0,
        ),
        (signs, result == 0),
    )
}

/// The access with its result given, and with its result stored where that is another
/// place.
fn texts(access: &Access) -> Vec<String> {
    let Some((call, result)) = call(access) else {
        return Vec::new();
    };
    let module = |function: &str| {
        format!(
            "(module {} {} (func (export \"f\") {function}))\n(invoke \"f\")",
            memory(access),
            data(access)
        )
    };
    let Some(result) = result else {
        return vec![module(&call)];
    };
    let mut texts = vec![module(&format!("(result {result}) {call}"))];
    let wide = 16;
    let elsewhere = match access.address >= 2 * wide {
        true => Some(0),
        false => access.size.checked_sub(wide).filter(|at| *at >= 2 * wide),
    };
    if let Some(at) = elsewhere {
        let at = constant(access, at);
        texts.push(module(&format!("({result}.store {at} {call})")));
    }
    texts
}

/// The memory as it was then.
fn memory(access: &Access) -> String {
    let ty = access.ty;
    let wide = if ty.address == AddressType::I64 {
        "i64"
    } else {
        ""
    };
    let pages = access.size >> ty.page_size_log2;
    let most = ty.maximum.map_or(String::new(), |most| most.to_string());
    let shared = if ty.shared { "shared" } else { "" };
    let small = if ty.page_size_log2 == 0 {
        "(pagesize 1)"
    } else {
        ""
    };
    format!("(memory (export \"m\") {wide} {pages} {most} {shared} {small})")
}

/// The bytes that were read.
fn data(access: &Access) -> String {
    let bytes = access.result.filter(|_| reads(access)).unwrap_or_default();
    let length = usize::try_from(access.length).unwrap_or(0).min(16);
    let bytes = &bytes.to_le_bytes()[..length];
    if bytes.iter().all(|byte| *byte == 0) {
        return String::new();
    }
    let text: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data {} \"{text}\")", constant(access, access.address))
}

/// Whether the result is what was read, at least its low bytes.
fn reads(access: &Access) -> bool {
    row(access).is_some_and(|row| !matches!(row.kind, Kind::Notify | Kind::Wait))
}

fn row(access: &Access) -> Option<&'static Instruction> {
    Instruction::all().find(|row| row.name == access.op)
}

/// The instruction with its operands, and the type of what it gives.
fn call(access: &Access) -> Option<(String, Option<&'static str>)> {
    let [first, second] = access.operands;
    let address_type = value_type(access.ty.address.value_type());
    if let Some(row) = row(access) {
        let value = |bits| of_type(row.value, bits);
        let (lane, operands, result) = match row.kind {
            Kind::Load(_) | Kind::LoadExtend(..) | Kind::LoadSplat | Kind::AtomicLoad => {
                ("", String::new(), Some(row.value))
            }
            // Which lane it was is not recorded.
            Kind::LoadLane => ("0", value(first), Some(row.value)),
            Kind::StoreLane => ("0", value(first), None),
            Kind::Store | Kind::AtomicStore => ("", value(first), None),
            Kind::AtomicRmw(_) => ("", value(first), Some(row.value)),
            Kind::AtomicCmpxchg => ("", value(first) + &value(second), Some(row.value)),
            Kind::Notify => ("", of_type(ValueType::I32, first), Some(ValueType::I32)),
            Kind::Wait => {
                let timeout = of_type(ValueType::I64, second);
                ("", value(first) + &timeout, Some(ValueType::I32))
            }
        };
        let (op, offset, align) = (access.op, access.offset, 1_u64 << access.align_log2);
        let operand = constant(access, access.operand());
        let text = format!("({op} offset={offset} align={align} {lane} {operand} {operands})");
        return Some((text, result.map(value_type)));
    }
    let at = constant(access, access.address);
    let length = constant(access, access.length);
    Some(match access.op {
        "memory.size" => ("(memory.size)".to_owned(), Some(address_type)),
        "memory.grow" => {
            let delta = constant(access, access.grow?.delta.into());
            (format!("(memory.grow {delta})"), Some(address_type))
        }
        "memory.fill" => {
            let value = of_type(ValueType::I32, first);
            (format!("(memory.fill {at} {value} {length})"), None)
        }
        // It has two records: this is the one of its destination.
        "memory.copy" if access.writes => {
            let from = constant(access, first);
            (format!("(memory.copy {at} {from} {length})"), None)
        }
        _ => return None,
    })
}

/// An address, or a number of pages.
fn constant(access: &Access, value: u128) -> String {
    of_type(access.ty.address.value_type(), value)
}

/// A constant of these bits.
fn of_type(ty: ValueType, bits: u128) -> String {
    match ty {
        ValueType::I32 => format!("(i32.const {})", bits as u32),
        ValueType::I64 => format!("(i64.const {})", bits as u64),
        ValueType::F32 => format!("(f32.reinterpret_i32 (i32.const {}))", bits as u32),
        ValueType::F64 => format!("(f64.reinterpret_i64 (i64.const {}))", bits as u64),
        _ => format!("(v128.const i64x2 {} {})", bits as u64, (bits >> 64) as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Budget, Job, reference};
    use crate::observation::{Outcome, Watch};

    fn run(script: &Script) -> reference::ReferenceRun {
        let watch = Watch::default();
        let job = Job::new(script, Budget::of(4 << 20), &watch, &[]);
        reference::observe(&job, &reference::Options::default())
    }

    /// Each access of a program comes alone, and does what it did there.
    #[test]
    fn an_access_alone_does_what_it_did() {
        let text = r#"(module (memory i64 2 3) (data (i64.const 70000) "\81\82\83\84")
            (func (export "a") (local i64)
                (local.set 0 (i64.load32_s offset=69999 (i64.const 1)))
                (i64.store offset=8 (i64.const 131056) (local.get 0))
                (drop (memory.grow (i64.const 1)))
                (memory.fill (i64.const 5) (i32.const 6) (i64.const 7))
                (memory.copy (i64.const 15) (i64.const 5) (i64.const 7))
                (i64.store16 offset=4 (i64.const 196607) (local.get 0))))
            (invoke "a")"#;
        let script = wast::parse("a.wast", text.as_bytes()).unwrap().script;
        let whole = run(&script);
        let accesses: Vec<&Access> = whole.trace.iter().flatten().collect();
        let alone = each(accesses.iter().copied());
        let records = alone.iter().map(|script| {
            let run = run(script);
            let last = run.trace.last().unwrap().iter().rev();
            let last = last.map(|a| (a.op, a.address, a.length, a.size, a.trapped, a.result));
            last.collect::<Vec<_>>()
        });
        let records: Vec<_> = records.flatten().collect();
        for access in accesses.iter().filter(|access| access.op != "data") {
            let Access {
                op,
                address,
                length,
                size,
                trapped,
                result,
                ..
            } = **access;
            let record = (op, address, length, size, trapped, result);
            assert!(records.contains(&record), "{record:?} in {records:?}");
        }
        // Its result is given, or stored.
        let gives = |script: &Script| {
            let outcome = run(script)
                .observation
                .steps
                .last()
                .map(|s| s.outcome.clone());
            matches!(outcome, Some(Outcome::Values(values)) if !values.is_empty())
        };
        assert!(alone.iter().any(gives));
        let stores = |script: &Script| {
            let run = run(script);
            let ops = run.trace.last().unwrap().iter().map(|access| access.op);
            ops.eq(["i64.load32_s", "i64.store"])
        };
        assert!(alone.iter().any(stores));
    }
}
