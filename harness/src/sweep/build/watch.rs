//! What is looked at: the functions of a module that read its memory.

use wasm_encoder::{Instruction as I, MemArg, MemArgTarget, ValType};

use super::contents::{WINDOW, Window, looked_at, windows};
use super::module::{Draft, Segment};
use super::{Builder, constant, constant_expression};
use crate::sweep::Point;
use crate::sweep::space::Action;

impl Builder {
    /// The bytes that a new memory has in its windows; a large one gets them from
    /// `prepare`, since a segment at its end is a point of its own.
    pub(super) fn data(&self, draft: &mut Draft) {
        let size = self.size.bytes(self.kind).unwrap_or(0);
        let windows = match self.has_data && !self.size.is_large() {
            true => windows(size),
            false => Vec::new(),
        };
        for Window { at, bytes } in windows {
            let at = constant_expression(self.kind.wide, &[at]);
            draft.segment(Segment::Active(self.memory(), at, bytes.to_vec()));
        }
    }

    /// The functions that look at a memory: at its windows, and at its end wherever it is.
    pub(super) fn watching(&self, draft: &mut Draft, points: &[Point]) {
        let old = self.size.bytes(self.kind).unwrap_or(0);
        let then = points.first().map_or(old, Point::bytes_then);
        if self.is_prepared() {
            // What is wrong elsewhere is nothing that a point alone should fail at.
            let is_near = |window: &Window| match points {
                [point] => {
                    let at = point.effective().unwrap_or(0);
                    at.abs_diff(window.at.into()) <= 2 * u128::from(WINDOW)
                }
                _ => true,
            };
            let near = windows(old).into_iter().filter(is_near);
            let code = near.flat_map(|window| self.restore(&window));
            let code: Vec<I<'static>> = code.collect();
            let index = draft.function((vec![], vec![]), &[], &code);
            draft.export("prepare", index);
        }
        if self.look {
            let look = self.look(&looked_at(old, then));
            let index = draft.function((vec![], vec![ValType::I64]), &[ValType::I64], &look);
            draft.export("look", index);
        }
        let grows = |point: &Point| {
            matches!(
                point.operation().action,
                Action::Grow(_) | Action::HostGrow(_)
            )
        };
        if !points.iter().any(grows) {
            return;
        }
        let end = |back: u64, load: I<'static>| {
            let wide = self.kind.wide;
            let either = |narrow: I<'static>, wider: I<'static>| if wide { wider } else { narrow };
            let shift = if self.kind.small_pages { 0 } else { 16 };
            vec![
                I::MemorySize(self.memory()),
                constant(shift, wide),
                either(I::I32Shl, I::I64Shl),
                constant(back, wide),
                either(I::I32Sub, I::I64Sub),
                load,
            ]
        };
        let last = end(8, I::I64Load(self.memarg(0)));
        let index = draft.function((vec![], vec![ValType::I64]), &[], &last);
        draft.export("last", index);
        let beyond = end(0, I::I32Load8U(self.memarg(0)));
        let index = draft.function((vec![], vec![ValType::I32]), &[], &beyond);
        draft.export("beyond", index);
        let ty = if self.kind.wide {
            ValType::I64
        } else {
            ValType::I32
        };
        let size = [I::MemorySize(self.memory())];
        let index = draft.function((vec![], vec![ty]), &[], &size);
        draft.export("size", index);
    }

    /// Whether a new memory gets what is in its windows from code.
    pub(super) fn is_prepared(&self) -> bool {
        self.has_data && self.size.is_large()
    }

    /// Reads windows into one number, and restores them.
    pub(super) fn look(&self, windows: &[Window]) -> Vec<I<'static>> {
        let mut code = Vec::new();
        for (at, _) in windows.iter().flat_map(parts) {
            code.extend([
                I::LocalGet(0),
                I::I64Const(5),
                I::I64Rotl,
                constant(at, self.kind.wide),
                I::I64Load(self.memarg(0)),
                I::I64Xor,
                I::LocalSet(0),
            ]);
        }
        code.extend(windows.iter().flat_map(|window| self.restore(window)));
        code.push(I::LocalGet(0));
        code
    }

    /// Writes what stands in a window.
    fn restore(&self, window: &Window) -> Vec<I<'static>> {
        let store = |(at, value)| {
            [
                constant(at, self.kind.wide),
                I::I64Const(value as i64),
                I::I64Store(self.memarg(0)),
            ]
        };
        parts(window).into_iter().flat_map(store).collect()
    }

    fn memarg(&self, align: u32) -> MemArg {
        MemArg {
            offset: 0,
            align,
            target: MemArgTarget::Memory(self.memory()),
            ordering: None,
        }
    }
}

/// A window in pieces of 8 bytes: where each stands, and its number.
fn parts(window: &Window) -> Vec<(u64, u64)> {
    let pieces = window.bytes.chunks_exact(8).zip((window.at..).step_by(8));
    pieces.map(|(bytes, at)| (at, little(bytes))).collect()
}

fn little(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}
