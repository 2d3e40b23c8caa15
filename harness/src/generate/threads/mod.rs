//! Programs of two to four threads over one shared memory.
//!
//! What is allowed of them is computed, so that they keep to what can be: atomic
//! accesses race, of one width to each cell; plain data is handed over through a flag
//! or is one thread's own; whoever waits has a timeout or a certain notifier. What races
//! all the same is dropped by the reference, for a named reason, and is rare.

mod atomic;
mod op;
mod race;
mod shape;
#[cfg(test)]
mod tests;
mod write;

use wasm_encoder::{
    CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

use super::dice::Dice;
use super::profile::Profile;
use crate::engine::Feature;
use crate::script::{Script, Step};
use op::{Family, Op};
use write::Writer;

/// The memory of a program.
#[derive(Clone, Copy)]
struct Memory {
    is_64: bool,
    page_size_log2: u32,
    minimum: u64,
    maximum: u64,
}

impl Memory {
    fn choose(dice: &mut Dice<'_, '_>, profile: &Profile) -> Memory {
        let has = |feature| profile.features.has(feature);
        let small_pages = has(Feature::CustomPageSizes) && dice.percent(50);
        // Cells lie in the first bytes, whatever the size of a page.
        let minimum = if small_pages { 64 } else { 1 };
        let more = dice.up_to(2);
        Memory {
            is_64: has(Feature::Memory64) && dice.percent(50),
            page_size_log2: if small_pages { 0 } else { 16 },
            minimum,
            maximum: minimum + if small_pages { 16 * more } else { more },
        }
    }

    fn ty(self) -> MemoryType {
        MemoryType {
            minimum: self.minimum,
            maximum: Some(self.maximum),
            memory64: self.is_64,
            shared: true,
            page_size_log2: (self.page_size_log2 != 16).then_some(self.page_size_log2),
        }
    }

    /// Its size at first, in bytes.
    fn bytes(self) -> u64 {
        self.minimum << self.page_size_log2
    }

    /// By how many pages it grows at once: enough for an access of 8 bytes.
    fn step(self) -> u64 {
        match self.page_size_log2 {
            0 => 8,
            _ => 1,
        }
    }

    /// Its largest size, in bytes.
    fn most_bytes(self) -> u64 {
        self.maximum << self.page_size_log2
    }
}

/// A script: a memory, threads that each make an instance on it and call its function
/// once, and a wait for each of them.
pub(super) fn script(dice: &mut Dice<'_, '_>, profile: &Profile) -> Script {
    let memory = Memory::choose(dice, profile);
    let family = Family::choose(dice);
    let (threads, most) = family.size(dice);
    let mut steps = vec![
        Step::Define {
            module: "mem".to_owned(),
            wasm: owner(memory),
        },
        Step::Instantiate {
            instance: "mem".to_owned(),
            module: "mem".to_owned(),
        },
        Step::Register {
            instance: "mem".to_owned(),
            name: "mem".to_owned(),
        },
    ];
    for thread in 0..threads {
        let ops = family.ops(dice, memory, thread, threads, most);
        steps.push(Step::Thread {
            name: format!("t{thread}"),
            shared: Some("mem".to_owned()),
            steps: body(user(memory, &ops)),
        });
    }
    let waits = (0..threads).map(|thread| Step::Wait {
        thread: format!("t{thread}"),
    });
    steps.extend(waits);
    Script { steps }
}

/// What each thread does.
fn body(wasm: Vec<u8>) -> Vec<Step> {
    vec![
        Step::Register {
            instance: "mem".to_owned(),
            name: "mem".to_owned(),
        },
        Step::Define {
            module: "t".to_owned(),
            wasm,
        },
        Step::Instantiate {
            instance: "t".to_owned(),
            module: "t".to_owned(),
        },
        Step::Invoke {
            instance: "t".to_owned(),
            func: "run".to_owned(),
            args: Vec::new(),
        },
    ]
}

/// The module that has the memory.
fn owner(memory: Memory) -> Vec<u8> {
    let mut module = Module::new();
    let mut memories = MemorySection::new();
    memories.memory(memory.ty());
    let mut exports = ExportSection::new();
    exports.export("m", ExportKind::Memory, 0);
    module.section(&memories).section(&exports);
    module.finish()
}

/// The module of a thread.
fn user(memory: Memory, ops: &[Op]) -> Vec<u8> {
    let mut writer = Writer::new(memory);
    for &op in ops {
        writer.write(op);
    }
    let (results, instructions) = writer.finish();
    let mut types = TypeSection::new();
    types
        .ty()
        .function([], vec![ValType::I64; results as usize]);
    let mut imports = ImportSection::new();
    imports.import("mem", "m", EntityType::Memory(memory.ty()));
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut function = Function::new([(results, ValType::I64)]);
    for instruction in &instructions {
        function.instruction(instruction);
    }
    let mut code = CodeSection::new();
    code.function(&function);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&exports)
        .section(&code);
    module.finish()
}
