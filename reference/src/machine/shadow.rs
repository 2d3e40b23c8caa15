//! The shadow of a machine: the taints of its operands and locals, which go the
//! way that the values go. What taint is, and why it is complete, is said in
//! `store/taint.rs`.

mod memory;

use wasmparser::{BinaryReader, OperatorsReader};

use super::{Frame, Machine};
use crate::module::{Instr, Target};
use crate::numeric::{Floats, Flow, Numeric, Slot, Tainted, ones};
use crate::store::{FuncKind, Store};
use crate::trap::Error;
use crate::value::NULL;
use memory::{fits, memory_of, taints};

/// What a call ends in that is open.
fn open(store: &mut Store) -> Error {
    if let Some(taint) = &mut store.taint {
        taint.open = true;
    }
    Error::Absent("it depends on the bits of a NaN".to_owned())
}

/// Whether nothing that decides is tainted.
fn decided(store: &mut Store, taint: Slot) -> Result<(), Error> {
    match taint {
        0 => Ok(()),
        _ => Err(open(store)),
    }
}

impl Machine {
    /// Does to the taints what `instr`, the next instruction, is about to do to
    /// the values.
    ///
    /// # Errors
    ///
    /// What it does is open.
    // Long, as it has an arm for each instruction that is not of a table.
    pub(super) fn before(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        operands: usize,
        instr: &Instr,
    ) -> Result<(), Error> {
        // What was pushed meanwhile, by a call or by the end of a wait, has none.
        self.shadow.resize(self.stack.len(), 0);
        if store.taint.as_ref().is_some_and(|taint| taint.open) {
            return Err(open(store));
        }
        match *instr {
            Instr::Unreachable | Instr::AtomicFence | Instr::DataDrop(_) | Instr::ElemDrop(_) => {}
            Instr::Br(target) => self.follow(target, operands),
            Instr::BrIf(target) => {
                if self.condition(store)? {
                    self.follow(target, operands);
                }
            }
            Instr::BrUnless(_) => {
                self.condition(store)?;
            }
            Instr::BrTable(ref targets) => {
                let index = self.popped();
                decided(store, index.taint)?;
                let index = index.bits as u32 as usize;
                self.follow(targets[index.min(targets.len() - 1)], operands);
            }
            Instr::Return => self.settle(frame.base, frame.code.results as usize),
            Instr::Call(func) | Instr::ReturnCall(func) => {
                let callee = store.instances[frame.instance as usize].funcs[func as usize];
                self.about_to_call(store, callee)?;
                if matches!(instr, Instr::ReturnCall(_)) {
                    self.leave(store, frame, callee);
                }
            }
            Instr::CallIndirect { table, .. } | Instr::ReturnCallIndirect { table, .. } => {
                let index = self.popped();
                decided(store, index.taint)?;
                if let Some(callee) = element(store, frame, table, index.bits) {
                    self.about_to_call(store, callee)?;
                    if matches!(instr, Instr::ReturnCallIndirect { .. }) {
                        self.leave(store, frame, callee);
                    }
                }
            }
            Instr::Drop => {
                self.popped();
            }
            Instr::Select => self.select(),
            Instr::LocalGet(index) => self.shadow.push(self.shadow[frame.base + index as usize]),
            Instr::LocalSet(index) => {
                self.shadow[frame.base + index as usize] = self.popped().taint;
            }
            Instr::LocalTee(index) => {
                let taint = self.shadow.last().copied().unwrap_or(0);
                self.shadow[frame.base + index as usize] = taint;
            }
            Instr::GlobalGet(index) => {
                let global = store.instances[frame.instance as usize].globals[index as usize];
                let taint = taints(store).global(global);
                self.shadow.push(taint);
            }
            Instr::GlobalSet(index) => {
                let global = store.instances[frame.instance as usize].globals[index as usize];
                let taint = self.popped().taint;
                taints(store).set_global(global, taint);
            }
            Instr::Const(_) | Instr::RefFunc(_) | Instr::MemorySize(_) | Instr::TableSize(_) => {
                self.shadow.push(0);
            }
            Instr::RefIsNull => {
                let taint = self.popped().taint;
                self.shadow.push((taint != 0).into());
            }
            Instr::Numeric(ref numeric) => self.calculate(store, frame, numeric)?,
            Instr::OpenNan(floats) => self.open_nan(floats),
            Instr::Access(ref access) => self.shadow_access(store, frame, access)?,
            // What decides is all they have.
            Instr::MemoryGrow(_) | Instr::TableGet(_) => self.all_decided(store, 1, 1)?,
            Instr::TableGrow(_) => self.all_decided(store, 2, 1)?,
            Instr::TableSet(_) => self.all_decided(store, 2, 0)?,
            Instr::TableFill(_) | Instr::TableCopy { .. } | Instr::TableInit { .. } => {
                self.all_decided(store, 3, 0)?;
            }
            Instr::MemoryFill(memory) => self.shadow_fill(store, frame, memory)?,
            Instr::MemoryCopy { to, from } => self.shadow_copy(store, frame, to, from)?,
            Instr::MemoryInit { memory, .. } => {
                let length = self.peek(0).bits as u64;
                let to = self.peek(2).bits as u64;
                self.all_decided(store, 3, 0)?;
                let id = memory_of(store, frame, memory);
                if fits(store, id, to, length) {
                    taints(store).fill(id, to, length, 0);
                }
            }
        }
        Ok(())
    }

    /// The operand at a depth, 0 for the topmost.
    fn peek(&self, depth: usize) -> Tainted {
        // The values are still where they were.
        let at = self.shadow.len() - 1 - depth;
        Tainted {
            bits: self.stack[at],
            taint: self.shadow[at],
        }
    }

    /// Takes the topmost operand off the shadow.
    fn popped(&mut self) -> Tainted {
        let top = self.peek(0);
        self.shadow.pop();
        top
    }

    fn all_decided(
        &mut self,
        store: &mut Store,
        count: usize,
        results: usize,
    ) -> Result<(), Error> {
        for _ in 0..count {
            let operand = self.popped();
            decided(store, operand.taint)?;
        }
        self.shadow.resize(self.shadow.len() + results, 0);
        Ok(())
    }

    /// Whether a branch is taken, if that is decided.
    fn condition(&mut self, store: &mut Store) -> Result<bool, Error> {
        let Tainted { bits, taint } = self.popped();
        let (bits, taint) = (bits as u32, taint as u32);
        // One that is not zero whatever the others are decides.
        if bits & !taint == 0 {
            decided(store, taint.into())?;
        }
        Ok(bits != 0)
    }

    fn select(&mut self) {
        let condition = self.popped();
        let (second, first) = (self.popped(), self.popped());
        let (bits, taint) = (condition.bits as u32, condition.taint as u32);
        let picked = if bits == 0 { second } else { first };
        let decided = taint == 0 || bits & !taint != 0;
        self.shadow.push(match decided {
            true => picked.taint,
            false => first.taint | second.taint | (first.bits ^ second.bits),
        });
    }

    fn follow(&mut self, target: Target, operands: usize) {
        self.settle(operands + target.height as usize, target.keep as usize);
    }

    fn settle(&mut self, height: usize, keep: usize) {
        let from = self.shadow.len() - keep;
        self.shadow.copy_within(from.., height);
        self.shadow.truncate(height + keep);
    }

    fn leave(&mut self, store: &Store, frame: &Frame, callee: u32) {
        let params = store.funcs[callee as usize].ty.params.len();
        self.settle(frame.base, params);
    }

    /// Who knows what the host does with an operand that is tainted.
    fn about_to_call(&mut self, store: &mut Store, callee: u32) -> Result<(), Error> {
        let func = &store.funcs[callee as usize];
        if let FuncKind::Host(_) = func.kind {
            let params = func.ty.params.len();
            let passed = &self.shadow[self.shadow.len() - params..];
            let taint = passed.iter().fold(0, |all, taint| all | taint);
            decided(store, taint)?;
        }
        Ok(())
    }

    fn calculate(
        &mut self,
        store: &mut Store,
        frame: &Frame,
        numeric: &Numeric,
    ) -> Result<(), Error> {
        let count = match numeric {
            Numeric::Unary(_) | Numeric::TryUnary(_) | Numeric::UnaryLane(..) => 1,
            Numeric::Ternary(_) => 3,
            _ => 2,
        };
        let mut operands = [Tainted::default(); 3];
        for place in (0..count).rev() {
            operands[place] = self.popped();
        }
        let operands = &operands[..count];
        let flow = flow(store, frame);
        self.last = match flow {
            Flow::Floats { operands: of, .. } => Some((of, operands.to_vec())),
            _ => None,
        };
        let taint = flow.of(numeric, operands);
        let (first, second) = (operands[0], operands.get(1).copied().unwrap_or_default());
        match numeric {
            Numeric::TryUnary(_) => decided(store, taint)?,
            // Divided by what is not 0 nor -1 nothing traps.
            Numeric::TryBinary(_) if first.taint | second.taint != 0 => {
                let minus_one = [ones(32), ones(64)].contains(&second.bits);
                let safe = second.taint == 0 && second.bits != 0 && !minus_one;
                decided(store, (!safe).into())?;
            }
            _ => {}
        }
        self.shadow.push(taint);
        Ok(())
    }

    /// The instruction before has given floats.
    fn open_nan(&mut self, floats: Floats) {
        let result = self.peek(0).bits;
        let (of, operands) = self.last.take().unwrap_or((floats, Vec::new()));
        let opened = floats.opened(result, of, &operands);
        if let Some(taint) = self.shadow.last_mut() {
            *taint |= opened;
        }
    }
}

/// The function in a table, if there is one.
fn element(store: &Store, frame: &Frame, table: u32, index: Slot) -> Option<u32> {
    let instance = &store.instances[frame.instance as usize];
    let table = &store.tables[instance.tables[table as usize] as usize];
    let element = *table.elements.get(usize::try_from(index).ok()?)?;
    (element != NULL).then_some(element as u32)
}

/// How taint goes through the instruction that is next: read again from the
/// binary, which costs nothing where nobody asks.
fn flow(store: &Store, frame: &Frame) -> Flow {
    let wasm = &store.instances[frame.instance as usize].definition.wasm;
    let at = frame.code.offsets[frame.pc - 1] as usize;
    let code = BinaryReader::new(wasm.get(at..).unwrap_or_default(), 0);
    let op = OperatorsReader::new(code).read();
    op.map_or(Flow::Whole(Slot::MAX), |op| Flow::by(&op))
}
