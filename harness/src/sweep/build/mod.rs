//! From points to a script.
//!
//! The points of a script share kind and size of memory. Those that leave the memory as large
//! as it was share an instance, too: one module with a function for each shape of point,
//! called with other arguments for each. After each that writes, what stands at the ends of
//! the memory is read and restored, by a function `look` of the module, so that no point hides
//! what another did. Points that grow have an instance of their own, all of one module.

mod contents;
mod function;
mod module;

use std::collections::BTreeMap;
use std::ops::Range;

use trapline_reference::Value;
use wasm_encoder::{ConstExpr, Instruction as I, MemArg, MemArgTarget, MemoryType, ValType};

use super::Point;
use super::space::{Action, Before, Delta, Form, Kind, SEGMENT, Size, maximum};
use crate::script::{HOST, Script, Step};
use contents::{Window, looked_at, windows};
pub(super) use function::Shape;
use function::{Surroundings, arguments, function};
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

    /// The bytes that a new memory has in its windows.
    fn data(&self, draft: &mut Draft) {
        let size = self.size.bytes(self.kind).unwrap_or(0);
        let windows = match self.has_data {
            true => windows(size),
            false => Vec::new(),
        };
        for Window { at, bytes } in windows {
            let at = constant_expression(self.kind.wide, &[at]);
            draft.segment(Segment::Active(self.memory(), at, bytes.to_vec()));
        }
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
        let foreign =
            has(Before::GrowForeign).then(|| draft.import("p", "grow", (vec![], vec![])));
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
        let callee =
            has(Before::GrowCallee).then(|| self.add_grow(&mut draft, self.memory()));
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

    /// The functions that look at a memory: at its windows, and at its end wherever it is.
    fn watching(&self, draft: &mut Draft, points: &[Point]) {
        let old = self.size.bytes(self.kind).unwrap_or(0);
        let then = points.first().map_or(old, Point::bytes_then);
        if self.look {
            let look = self.look(&looked_at(old, then));
            let index = draft.function((vec![], vec![ValType::I64]), &[ValType::I64], &look);
            draft.export("look", index);
        }
        let grows = |point: &Point| {
            matches!(point.operation().action, Action::Grow(_) | Action::HostGrow(_))
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
        let ty = if self.kind.wide { ValType::I64 } else { ValType::I32 };
        let size = [I::MemorySize(self.memory())];
        let index = draft.function((vec![], vec![ty]), &[], &size);
        draft.export("size", index);
    }

    /// Reads windows into one number, and restores them.
    fn look(&self, windows: &[Window]) -> Vec<I<'static>> {
        let mut code = Vec::new();
        let parts = |window: &Window| {
            let at = window.at;
            let parts = window.bytes.chunks_exact(8).zip((at..).step_by(8));
            let parts = parts.map(|(bytes, at)| (at, little(bytes)));
            parts.collect::<Vec<_>>()
        };
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
        for (at, value) in windows.iter().flat_map(parts) {
            code.extend([
                constant(at, self.kind.wide),
                I::I64Const(value as i64),
                I::I64Store(self.memarg(0)),
            ]);
        }
        code.push(I::LocalGet(0));
        code
    }

    fn memarg(&self, align: u32) -> MemArg {
        MemArg {
            offset: 0,
            align,
            target: MemArgTarget::Memory(self.memory()),
            ordering: None,
        }
    }

    /// Makes the instances that a point needs, or all points of a script.
    fn instances(&mut self, point: Option<&Point>) {
        if self.kind.imported {
            self.instance("p", "p");
        }
        let action = point.map(|point| point.operation().action);
        if matches!(action, Some(Action::Segment(_))) {
            return;
        }
        self.instance("m", "m");
        let is_other = point.is_some_and(|point| point.before == Before::GrowOtherEarlier);
        if is_other && !self.kind.imported {
            self.instance("o", "o");
        }
    }

    /// An instance under its name, which others can import from.
    fn instance(&mut self, instance: &str, module: &str) {
        let (instance, module) = (instance.to_owned(), module.to_owned());
        self.steps.push(Step::Instantiate {
            instance: instance.clone(),
            module,
        });
        self.steps.push(Step::Register {
            name: instance.clone(),
            instance,
        });
    }

    fn invoke(&mut self, instance: &str, func: &str, args: Vec<Value>) {
        self.steps.push(Step::Invoke {
            instance: instance.to_owned(),
            func: func.to_owned(),
            args,
        });
    }

    /// The instance that has the memory.
    fn owner(&self) -> &'static str {
        if self.kind.imported { "p" } else { "m" }
    }

    /// The steps of a point.
    fn point(&mut self, index: usize, point: &Point) {
        let by_host = format!("grow {}.m", self.owner());
        match point.before {
            Before::GrowHostEarlier => {
                let growth = Value::I64(point.kind.growth());
                self.invoke(HOST, &by_host, vec![growth]);
            }
            Before::GrowOtherEarlier => {
                let other = if point.kind.imported { "p" } else { "o" };
                self.invoke(other, "grow", Vec::new());
            }
            _ => {}
        }
        let look = self.look && point.operation().writes();
        match point.operation().action {
            Action::Segment(length) => self.segment_point(index, point, length),
            Action::New => self.new_point(),
            Action::HostGrow(delta) => self.host_grow(delta, &by_host),
            _ => {
                if let Some(name) = self.shapes.get(&Shape::of(point)).cloned() {
                    self.invoke("m", &name, arguments(point));
                }
                if let Action::Grow(_) = point.operation().action {
                    self.after_growth();
                }
                if look {
                    self.invoke("m", "look", Vec::new());
                }
            }
        }
    }

    fn host_grow(&mut self, delta: Delta, by_host: &str) {
        let pages = delta.pages(self.kind, self.size).unwrap_or(0);
        self.invoke(HOST, by_host, vec![Value::I64(pages)]);
        self.after_growth();
        if self.look {
            self.invoke("m", "look", Vec::new());
        }
    }

    fn after_growth(&mut self) {
        for func in ["size", "last", "beyond"] {
            self.invoke("m", func, Vec::new());
        }
    }

    /// Memories that follow one that was written to.
    fn new_point(&mut self) {
        for _ in 0..2 {
            if self.look {
                self.invoke("m", "look", Vec::new());
            }
            self.instances(None);
        }
    }

    /// A module with a segment at the position, behind one that fits.
    fn segment_point(&mut self, index: usize, point: &Point, length: u64) {
        let mut draft = Draft::default();
        self.memories(&mut draft, self.kind.imported);
        if point.bytes() > 0 {
            let at = constant_expression(self.kind.wide, &[40]);
            draft.segment(Segment::Active(self.memory(), at, segment(4, 4)));
        }
        let operand = point.operand();
        let parts = match point.form {
            Form::Folded => vec![0x1235, operand.wrapping_sub(0x1235)],
            _ => vec![operand],
        };
        let at = constant_expression(self.kind.wide, &parts);
        draft.segment(Segment::Active(self.memory(), at, segment(length, 5)));
        let look = self.look(&looked_at(point.bytes(), point.bytes()));
        let index_of_look = draft.function((vec![], vec![ValType::I64]), &[ValType::I64], &look);
        draft.export("look", index_of_look);
        let name = format!("s{index}");
        self.define(&name, draft.encode());
        self.steps.push(Step::Instantiate {
            instance: "s".to_owned(),
            module: name,
        });
        self.invoke("s", "look", Vec::new());
    }
}

/// Bytes of a segment, none of which is zero.
fn segment(length: u64, salt: u8) -> Vec<u8> {
    (0..length)
        .map(|at| 0x40 | (at as u8).wrapping_mul(7).wrapping_add(salt * 19) & 0x3f)
        .collect()
}

fn little(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
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
        (false, parts) => {
            ConstExpr::i32_const(parts.first().copied().unwrap_or(0) as u32 as i32)
        }
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
