//! Control: branches and calls, and what becomes of the operands then.

use super::{Exit, Frame, Machine};
use crate::module::Target;
use crate::store::Store;
use crate::trap::{Error, Trap};
use crate::value::NULL;

impl Machine {
    /// Takes a branch: keeps the operands on top, drops those below down to
    /// the height of the target, and gives the next instruction.
    pub(super) fn branch(&mut self, target: Target, operands: usize) -> usize {
        self.move_down(operands + target.height as usize, target.keep as usize);
        target.pc as usize
    }

    /// Moves the `keep` topmost operands down to `height`.
    pub(super) fn move_down(&mut self, height: usize, keep: usize) {
        if keep > 0 {
            let from = self.stack.len() - keep;
            self.stack.copy_within(from.., height);
        }
        self.stack.truncate(height + keep);
    }

    /// Remembers where the top frame goes on.
    pub(super) fn save(&mut self, frame: &Frame) {
        let top = self.frames.last_mut().expect("a frame is running");
        top.pc = frame.pc;
    }

    /// The callee replaces the frame: its arguments move down.
    pub(super) fn tail_call(&mut self, store: &Store, frame: &Frame, callee: u32) -> Exit {
        let params = store.funcs[callee as usize].ty.params.len();
        self.move_down(frame.base, params);
        self.frames.pop();
        Exit::Call(callee)
    }

    /// The function that an indirect call is to call.
    /// <https://webassembly.github.io/spec/core/exec/instructions.html#exec-call-indirect>
    pub(super) fn indirect(
        &mut self,
        store: &Store,
        frame: &Frame,
        ty: u32,
        table: u32,
    ) -> Result<u32, Error> {
        let instance = &store.instances[frame.instance as usize];
        let table = &store.tables[instance.tables[table as usize] as usize];
        let index = usize::try_from(self.pop()).unwrap_or(usize::MAX);
        let element = *table.elements.get(index).ok_or(Trap::UndefinedElement)?;
        if element == NULL {
            return Err(Trap::NullElement.into());
        }
        let callee = &store.funcs[element as usize];
        if callee.ty != instance.definition.types[ty as usize] {
            return Err(Trap::IndirectCallType.into());
        }
        Ok(element as u32)
    }
}
