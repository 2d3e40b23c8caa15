//! From points to a script.
//!
//! The points of a script share kind and size of memory. Those that leave the memory as large
//! as it was share an instance, too: one module with a function for each shape of point,
//! called with other arguments for each. After each that writes, what stands at the ends of
//! the memory is read and restored, by a function `look` of the module, so that no point hides
//! what another did. Points that grow have an instance of their own, all of one module.

mod action;
mod arguments;
mod contents;
mod function;
mod module;
mod steps;
mod watch;

use std::collections::BTreeMap;
use std::ops::Range;

use wasm_encoder::{ConstExpr, Instruction as I, MemoryType, ValType};

use super::Point;
use super::space::{Action, Before, Kind, SEGMENT, Size, maximum};
use crate::script::{HOST, Script, Step};
pub(super) use arguments::Shape;
use function::{Surroundings, function};
use module::{Draft, Segment};

/// A script of points.
pub struct Built {
    /// The script.
    pub script: Script,
    /// Its steps that belong to each point, in the order of the points.
    pub steps: Vec<Range<usize>>,
}

/// The script of some points, which have kind and size of memory in common; `None` where
/// there are none.
///
/// With `look`, what they write is looked at after each. Without, all there is to see is
/// the memory after a trap and in the end, which is enough for a single point.
pub fn build(points: &[Point], look: bool) -> Option<Built> {
    let first = points.first()?;
    let mut builder = Builder {
        kind: first.kind,
        size: first.size,
        look,
        shapes: BTreeMap::new(),
        steps: Vec::new(),
        has_data: !matches!(first.operation().action, Action::New),
    };
    builder.modules(points);
    let is_fresh = first.is_fresh();
    if !is_fresh {
        builder.instances(None);
    }
    let mut steps = Vec::with_capacity(points.len());
    for (index, point) in points.iter().enumerate() {
        let begin = builder.steps.len();
        if is_fresh {
            builder.instances(Some(point));
        }
        builder.point(index, point);
        steps.push(begin..builder.steps.len());
    }
    Some(Built {
        script: Script {
            steps: builder.steps,
        },
        steps,
    })
}

struct Builder {
    kind: Kind,
    size: Size,
    look: bool,
    /// The name of the function of each shape.
    shapes: BTreeMap<Shape, String>,
    steps: Vec<Step>,
    /// Whether new memories have something in their windows.
    has_data: bool,
}

impl Builder {
    /// Defines what is instantiated.
    fn modules(&mut self, points: &[Point]) {
        if self.kind.imported {
            let wasm = self.provider();
            self.define("p", wasm);
        }
        let is_segment = |point: &Point| matches!(point.operation().action, Action::Segment(_));
        if !points.iter().all(is_segment) {
            let wasm = self.target(points);
            self.define("m", wasm);
        }
        let needs_other = |point: &Point| point.before == Before::GrowOtherEarlier;
        if !self.kind.imported && points.iter().any(needs_other) {
            let mut draft = Draft::default();
            let ty = memory_type(self.kind, self.size);
            draft.memory_of("m", ty, "m");
            self.add_grow(&mut draft, 0);
            self.define("o", draft.encode());
        }
    }

    fn define(&mut self, name: &str, wasm: Vec<u8>) {
        let module = name.to_owned();
        self.steps.push(Step::Define { module, wasm });
    }

    /// The index of the memory that points are about, wherever it is declared.
    fn memory(&self) -> u32 {
        u32::from(self.kind.second)
    }

    /// Declares the memories: memory 0 is small where it is not the one.
    fn memories(&self, draft: &mut Draft, imported: bool) {
        let other = MemoryType {
            minimum: 1,
            maximum: Some(2),
            memory64: false,
            shared: false,
            page_size_log2: None,
        };
        let all = [("z", other), ("m", memory_type(self.kind, self.size))];
        for (name, ty) in &all[usize::from(!self.kind.second)..] {
            match imported {
                true => draft.memory_of("p", *ty, name),
                false => draft.memory(*ty, name),
            }
        }
    }

    /// The module that provides the memories, and grows the one.
    fn provider(&self) -> Vec<u8> {
        let mut draft = Draft::default();
        self.memories(&mut draft, false);
        self.data(&mut draft);
        self.add_grow(&mut draft, self.memory());
        draft.encode()
    }

    /// A function `grow`, which grows a memory as points do.
    fn add_grow(&self, draft: &mut Draft, memory: u32) -> u32 {
        let code = [
            constant(self.kind.growth(), self.kind.wide),
            I::MemoryGrow(memory),
            I::Drop,
        ];
        let grow = draft.function((vec![], vec![]), &[], &code);
        draft.export("grow", grow);
        grow
    }

    /// The module with the functions of the points.
    fn target(&mut self, points: &[Point]) -> Vec<u8> {
        let mut draft = Draft::default();
        self.memories(&mut draft, self.kind.imported);
        let has = |before: Before| points.iter().any(|point| point.before == before);
        let host = has(Before::GrowHost).then(|| {
            let name = if self.kind.imported {
                "grow p.m"
            } else {
                "grow m.m"
            };
            draft.import(HOST, name, (vec![ValType::I64], vec![ValType::I64]))
        });
        let foreign = has(Before::GrowForeign).then(|| draft.import("p", "grow", (vec![], vec![])));
        let uses_segments = points.iter().any(|point| {
            matches!(
                point.operation().action,
                Action::Init(_) | Action::InitFrom(_) | Action::Dropped(_) | Action::InitActive(_)
            )
        });
        if uses_segments {
            // The numbers that the functions know them by.
            for salt in [1, 2] {
                draft.segment(Segment::Passive(segment(SEGMENT, salt)));
            }
            let (memory, bytes) = match self.size {
                Size::Empty => (0, Vec::new()),
                _ => (24, segment(17, 3)),
            };
            let at = constant_expression(self.kind.wide, &[memory]);
            draft.segment(Segment::Active(self.memory(), at, bytes));
        }
        if !self.kind.imported {
            self.data(&mut draft);
        }
        let callee = has(Before::GrowCallee).then(|| self.add_grow(&mut draft, self.memory()));
        let around = Surroundings {
            memory: self.memory(),
            callee,
            host,
            foreign,
        };
        for point in points {
            let no_function = matches!(
                point.operation().action,
                Action::HostGrow(_) | Action::New | Action::Segment(_)
            );
            let shape = Shape::of(point);
            if no_function || self.shapes.contains_key(&shape) {
                continue;
            }
            let code = function(point, &around);
            let index = draft.function((code.params, code.results), &code.locals, &code.code);
            let name = format!("f{}", self.shapes.len());
            draft.export(&name, index);
            self.shapes.insert(shape, name);
        }
        self.watching(&mut draft, points);
        draft.encode()
    }
}

/// Bytes of a segment, none of which is zero.
fn segment(length: u64, salt: u8) -> Vec<u8> {
    (0..length)
        .map(|at| 0x40 | (at as u8).wrapping_mul(7).wrapping_add(salt * 19) & 0x3f)
        .collect()
}

fn constant(value: u64, wide: bool) -> I<'static> {
    match wide {
        true => I::I64Const(value as i64),
        false => I::I32Const(value as u32 as i32),
    }
}

/// The sum of these numbers, as a constant expression.
fn constant_expression(wide: bool, parts: &[u64]) -> ConstExpr {
    match (wide, parts) {
        (true, &[a, b]) => ConstExpr::i64_const(a as i64)
            .with_i64_const(b as i64)
            .with_i64_add(),
        (false, &[a, b]) => ConstExpr::i32_const(a as u32 as i32)
            .with_i32_const(b as u32 as i32)
            .with_i32_add(),
        (true, parts) => ConstExpr::i64_const(parts.first().copied().unwrap_or(0) as i64),
        (false, parts) => ConstExpr::i32_const(parts.first().copied().unwrap_or(0) as u32 as i32),
    }
}

/// The type of the memory that points are about.
fn memory_type(kind: Kind, size: Size) -> MemoryType {
    MemoryType {
        minimum: size.bytes(kind).unwrap_or(0) / kind.page(),
        maximum: maximum(kind, size),
        memory64: kind.wide,
        shared: kind.shared,
        page_size_log2: kind.small_pages.then_some(0),
    }
}
