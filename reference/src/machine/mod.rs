//! The machine: runs functions with explicit stacks.
//!
//! A [`Machine`] is one thread. It keeps its frames and operands itself and
//! never uses the host's stack for a call, so that it can be suspended in a
//! wait and resumed, and a store can have several.

mod control;
mod memory;
mod outside;
mod pending;
mod shadow;
mod table;

use std::sync::Arc;

pub use outside::SharedInstruction;
pub(crate) use pending::{Pending, Range};

use crate::module::{Code, Instr};
use crate::numeric::{Floats, Numeric, Slot, Tainted};
use crate::store::{FuncKind, Store};
use crate::trap::{Error, Trap};
use crate::value::{NULL, Value, ValueType};

/// A thread of execution.
#[derive(Clone)]
pub(crate) struct Machine {
    frames: Vec<Frame>,
    /// Locals and operands of all frames, one after the other.
    stack: Vec<Slot>,
    /// How many instructions may still be executed before it pauses.
    fuel: u64,
    /// How many more after that.
    reserve: u64,
    /// The taint of each slot of the stack, see `shadow.rs`; nothing unless
    /// [`Config::taint`](crate::Config::taint).
    shadow: Vec<Slot>,
    /// What the last instruction on floats was given.
    last: Option<(Floats, Vec<Tainted>)>,
    /// Whether it pauses before every instruction on shared memory.
    stepping: bool,
    /// Whether it does not before the next one.
    granted: bool,
    /// Whether it has called a function of the host.
    hosted: bool,
}

/// An activation of a function.
/// <https://webassembly.github.io/spec/core/exec/runtime.html#activations-and-frames>
#[derive(Clone)]
struct Frame {
    code: Arc<Code>,
    instance: u32,
    /// The next instruction.
    pc: usize,
    /// Where its locals begin on the stack.
    base: usize,
    /// Its number, see [`Growth::activation`](crate::Growth::activation).
    activation: u64,
}

/// How far a machine has come.
pub(crate) enum Progress {
    /// It has returned.
    Done,
    /// It is to let others run.
    Paused,
    /// It waits at an address of a memory, for so many nanoseconds, or for
    /// ever when negative; [`Machine::resume`] before running it on. The
    /// number is that of its waiter.
    Waiting { timeout: i64, waiter: u64 },
}

impl Machine {
    /// About to execute the first instruction of a function; one of the host
    /// is executed at once.
    pub(crate) fn call(store: &mut Store, func: u32, args: &[Value]) -> Result<Machine, Error> {
        let mut machine = Machine {
            frames: Vec::new(),
            stack: args.iter().map(|arg| arg.slot()).collect(),
            fuel: store.config.fuel,
            reserve: 0,
            shadow: Vec::new(),
            last: None,
            stepping: false,
            granted: false,
            hosted: false,
        };
        machine.enter(store, func)?;
        Ok(machine)
    }

    /// What it returned.
    pub(crate) fn results(&self, types: &[ValueType]) -> Vec<Value> {
        let slots = self.stack.iter().zip(types);
        slots.map(|(&slot, &ty)| Value::of(slot, ty)).collect()
    }

    /// The taint of what it returned, one for each result.
    pub(crate) fn result_taint(&self, results: usize) -> Vec<Slot> {
        let mut taints = self.shadow.clone();
        taints.resize(results, 0);
        taints
    }

    /// Lets it execute so many instructions before it pauses.
    pub(crate) fn refuel(&mut self, instructions: u64) {
        let all = self.fuel.saturating_add(self.reserve);
        self.fuel = instructions.min(all);
        self.reserve = all - self.fuel;
    }

    /// Ends a wait with the result `memory.atomic.wait` is to give.
    pub(crate) fn resume(&mut self, result: u32) {
        self.stack.push(result.into());
    }

    /// Calls a function whose arguments are on the stack.
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-invoke>
    fn enter(&mut self, store: &mut Store, func: u32) -> Result<(), Error> {
        let callee = &store.funcs[func as usize];
        match &callee.kind {
            FuncKind::Wasm { instance, code } => {
                if self.frames.len() >= store.config.call_depth {
                    return Err(Error::Exhausted);
                }
                let base = self.stack.len() - code.params as usize;
                self.stack.extend_from_slice(&code.locals);
                store.activations += 1;
                self.frames.push(Frame {
                    code: code.clone(),
                    instance: *instance,
                    pc: 0,
                    base,
                    activation: store.activations,
                });
            }
            FuncKind::Host(host) => {
                self.hosted = true;
                let (host, ty) = (host.clone(), callee.ty.clone());
                let at = self.stack.len() - ty.params.len();
                let args: Vec<Value> = self
                    .stack
                    .drain(at..)
                    .zip(&ty.params)
                    .map(|(slot, &ty)| Value::of(slot, ty))
                    .collect();
                if let Some(taint) = &store.taint {
                    taint.take_looked();
                }
                let results = host(store, &args)?;
                // What it has seen may be something else.
                if let Some(taint) = &mut store.taint {
                    taint.open |= taint.take_looked();
                }
                self.stack.extend(results.into_iter().map(Value::slot));
            }
        }
        Ok(())
    }

    /// Runs until it returns, waits, or ends otherwise.
    pub(crate) fn run(&mut self, store: &mut Store) -> Result<Progress, Error> {
        while let Some(frame) = self.frames.last() {
            let frame = frame.clone();
            let exit = match store.taint {
                None => self.run_frame::<false>(store, frame)?,
                Some(_) => self.run_frame::<true>(store, frame)?,
            };
            match exit {
                Exit::Call(func) => self.enter(store, func)?,
                Exit::Return => {}
                Exit::Pause => return Ok(Progress::Paused),
                Exit::Wait { timeout, waiter } => {
                    return Ok(Progress::Waiting { timeout, waiter });
                }
            }
        }
        Ok(Progress::Done)
    }

    /// Runs the top frame until it calls, returns or waits; with its shadow, if
    /// it has one.
    // Long, as it has an arm for each instruction that is not of a table.
    fn run_frame<const SHADOW: bool>(
        &mut self,
        store: &mut Store,
        mut frame: Frame,
    ) -> Result<Exit, Error> {
        let code = frame.code.clone();
        let operands = frame.base + code.params as usize + code.locals.len();
        loop {
            if self.fuel == 0 {
                if self.reserve == 0 {
                    return Err(Error::Interrupted);
                }
                self.save(&frame);
                return Ok(Exit::Pause);
            }
            let instr = &code.instrs[frame.pc];
            if self.stepping && self.stops_before(store, &frame, instr) {
                self.save(&frame);
                return Ok(Exit::Pause);
            }
            self.fuel -= 1;
            frame.pc += 1;
            if SHADOW {
                self.before(store, &frame, operands, instr)?;
            }
            match *instr {
                Instr::Unreachable => return Err(Trap::Unreachable.into()),
                Instr::Br(target) => frame.pc = self.branch(target, operands),
                Instr::BrIf(target) => {
                    if self.pop_i32() != 0 {
                        frame.pc = self.branch(target, operands);
                    }
                }
                Instr::BrUnless(pc) => {
                    if self.pop_i32() == 0 {
                        frame.pc = pc as usize;
                    }
                }
                Instr::BrTable(ref targets) => {
                    let index = self.pop_i32() as usize;
                    let target = targets[index.min(targets.len() - 1)];
                    frame.pc = self.branch(target, operands);
                }
                Instr::Return => {
                    self.move_down(frame.base, code.results as usize);
                    self.frames.pop();
                    return Ok(Exit::Return);
                }
                Instr::Call(func) => {
                    let callee = store.instances[frame.instance as usize].funcs[func as usize];
                    self.save(&frame);
                    return Ok(Exit::Call(callee));
                }
                Instr::CallIndirect { ty, table } => {
                    let callee = self.indirect(store, &frame, ty, table)?;
                    self.save(&frame);
                    return Ok(Exit::Call(callee));
                }
                Instr::ReturnCall(func) => {
                    let callee = store.instances[frame.instance as usize].funcs[func as usize];
                    return Ok(self.tail_call(store, &frame, callee));
                }
                Instr::ReturnCallIndirect { ty, table } => {
                    let callee = self.indirect(store, &frame, ty, table)?;
                    return Ok(self.tail_call(store, &frame, callee));
                }
                Instr::Drop => {
                    self.pop();
                }
                Instr::Select => {
                    let condition = self.pop_i32();
                    let second = self.pop();
                    if condition == 0 {
                        *self.top() = second;
                    }
                }
                Instr::LocalGet(index) => self.push(self.stack[frame.base + index as usize]),
                Instr::LocalSet(index) => {
                    let value = self.pop();
                    self.stack[frame.base + index as usize] = value;
                }
                Instr::LocalTee(index) => {
                    let value = *self.top();
                    self.stack[frame.base + index as usize] = value;
                }
                Instr::GlobalGet(index) => {
                    let global = store.instances[frame.instance as usize].globals[index as usize];
                    self.push(store.globals[global as usize].value);
                }
                Instr::GlobalSet(index) => {
                    let global = store.instances[frame.instance as usize].globals[index as usize];
                    store.globals[global as usize].value = self.pop();
                }
                Instr::Const(value) => self.push(value),
                Instr::Numeric(ref numeric) => self.numeric(numeric)?,
                Instr::OpenNan(floats) => {
                    store.has_open_nans |= floats.open_bits(*self.top()) != 0;
                }
                Instr::Access(ref access) => {
                    if let Some((timeout, waiter)) = self.access(store, &frame, access)? {
                        self.save(&frame);
                        return Ok(Exit::Wait { timeout, waiter });
                    }
                }
                Instr::MemorySize(memory) => self.memory_size(store, &frame, memory),
                Instr::MemoryGrow(memory) => self.memory_grow(store, &frame, memory),
                Instr::MemoryFill(memory) => self.memory_fill(store, &frame, memory)?,
                Instr::MemoryCopy { to, from } => self.memory_copy(store, &frame, to, from)?,
                Instr::MemoryInit { data, memory } => {
                    self.memory_init(store, &frame, data, memory)?
                }
                Instr::DataDrop(index) => {
                    let segment =
                        &mut store.instances[frame.instance as usize].data[index as usize];
                    store.config.rules.drop_data(segment);
                }
                // One thread runs at a time, and each sees what the others did.
                Instr::AtomicFence => {}
                Instr::RefFunc(func) => {
                    let func = store.instances[frame.instance as usize].funcs[func as usize];
                    self.push(func.into());
                }
                Instr::RefIsNull => {
                    let top = self.top();
                    *top = (*top == NULL).into();
                }
                Instr::TableGet(table) => self.table_get(store, &frame, table)?,
                Instr::TableSet(table) => self.table_set(store, &frame, table)?,
                Instr::TableSize(table) => self.table_size(store, &frame, table),
                Instr::TableGrow(table) => self.table_grow(store, &frame, table),
                Instr::TableFill(table) => self.table_fill(store, &frame, table)?,
                Instr::TableCopy { to, from } => self.table_copy(store, &frame, to, from)?,
                Instr::TableInit { element, table } => {
                    self.table_init(store, &frame, element, table)?
                }
                Instr::ElemDrop(index) => {
                    store.instances[frame.instance as usize].elements[index as usize] =
                        Arc::new([]);
                }
            }
        }
    }

    fn numeric(&mut self, numeric: &Numeric) -> Result<(), Error> {
        match *numeric {
            Numeric::Unary(f) => {
                let top = self.top();
                *top = f(*top);
            }
            Numeric::Binary(f) => {
                let right = self.pop();
                let top = self.top();
                *top = f(*top, right);
            }
            Numeric::Ternary(f) => {
                let third = self.pop();
                let second = self.pop();
                let top = self.top();
                *top = f(*top, second, third);
            }
            Numeric::TryUnary(f) => {
                let top = self.top();
                *top = f(*top)?;
            }
            Numeric::TryBinary(f) => {
                let right = self.pop();
                let top = self.top();
                *top = f(*top, right)?;
            }
            Numeric::UnaryLane(f, lane) => {
                let top = self.top();
                *top = f(*top, lane);
            }
            Numeric::BinaryLane(f, lane) => {
                let right = self.pop();
                let top = self.top();
                *top = f(*top, right, lane);
            }
            Numeric::Shuffle(_) => {
                let right = self.pop();
                let top = self.top();
                *top = numeric.shuffled(*top, right);
            }
        }
        Ok(())
    }

    fn push(&mut self, value: Slot) {
        self.stack.push(value);
    }

    fn pop(&mut self) -> Slot {
        self.stack.pop().expect("validated")
    }

    fn pop_i32(&mut self) -> u32 {
        self.pop() as u32
    }

    /// An address, or a length.
    fn pop_address(&mut self) -> u64 {
        self.pop() as u64
    }

    fn top(&mut self) -> &mut Slot {
        self.stack.last_mut().expect("validated")
    }
}

/// Why a frame stopped running.
enum Exit {
    Call(u32),
    Return,
    Pause,
    Wait { timeout: i64, waiter: u64 },
}
