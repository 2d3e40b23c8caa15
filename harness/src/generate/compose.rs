//! Modules of a story: the owner of the memories, and the guests that import them.

use trapline_reference::Value;
use wasm_encoder::{Instruction, ValType};

use super::body::constant;
use super::call::{self, Scene};
use super::case::Story;
use super::edge::{self, Place};
use super::focus::Focus;
use super::memory::{self, Live, Memory};
use super::module::{Callable, Effect, Import, Plan};
use super::{segments, shape};
use crate::engine::Feature;
use crate::script::HOST;

impl Story<'_, '_, '_> {
    /// A module with memories of its own.
    pub(super) fn owner(&mut self) -> Plan {
        let mut plan = Plan::new(self.profile, self.means);
        let count = if self.profile.features.has(Feature::MultiMemory) {
            2 + self.dice.index(2)
        } else {
            1
        };
        for index in 0..count {
            let mut ty = memory::declare(self.dice, &self.profile, self.means);
            if index == 0 {
                // Whatever else there is, the first memory is what was asked for.
                ty = self.insist(ty);
            }
            plan.memories.push(Memory {
                ty,
                import: None,
                export: Some(format!("mem{index}")),
            });
        }
        if self.dice.percent(30) {
            let memory = plan.memories[0].ty;
            let live = Live::new(memory, self.means);
            let address = edge::effective(self.dice, &live, 8, Place::Inside) as u64;
            plan.constants
                .push(("at".to_owned(), memory::address_type(&memory), address));
        }
        self.fill_in(&mut plan, "m0", Place::Inside);
        plan
    }

    /// Makes a memory 64-bit or shared where the focus asks for it.
    fn insist(&mut self, mut ty: wasm_encoder::MemoryType) -> wasm_encoder::MemoryType {
        let features = self.profile.features;
        if self.profile.leans_to(Focus::Memory64) && features.has(Feature::Memory64) {
            ty.memory64 = true;
        }
        if self.profile.leans_to(Focus::Shared) && features.has(Feature::Threads) && !ty.shared {
            ty.shared = true;
            let budget = self.means.economy >> memory::page_log2(&ty);
            ty.maximum = Some(
                ty.maximum
                    .unwrap_or(ty.minimum + 2)
                    .min(budget)
                    .max(ty.minimum),
            );
        }
        ty
    }

    /// A module that imports memories of the first instance; it may have its
    /// own besides.
    pub(super) fn guest(&mut self, place: Place) -> Plan {
        let mut plan = Plan::new(self.profile, self.means);
        let several = self.profile.features.has(Feature::MultiMemory);
        for offered in &self.offered {
            if plan.memories.is_empty() || several {
                let live = &self.live[offered.live];
                let (mut ty, mut odd, mut twice) = (live.ty, None, false);
                // A type that the memory matches as it now is, or just not.
                ty.minimum = match self.dice.up_to(9) {
                    0..=4 => ty.minimum,
                    5 | 6 => live.pages,
                    7 => 0,
                    8 => live.pages / 2,
                    // Another size by one page, another kind of memory, or the same one twice.
                    _ => {
                        let byte = self.dice.up_to(255);
                        twice = several && (1..128).contains(&byte);
                        odd = byte.checked_sub(128).filter(|_| byte < 218);
                        live.pages + u64::from(byte >= 218)
                    }
                };
                ty.maximum = match (ty.maximum, self.dice.up_to(4)) {
                    (Some(maximum), 1) => {
                        Some((maximum.saturating_add(1)).min(memory::pages_at_most(&ty)))
                    }
                    (Some(_), 2 | 3) if !ty.shared => None,
                    (maximum, _) => maximum,
                };
                if let Some(odd) = odd {
                    memory::mismatch(&mut ty, self.profile.features, self.means, odd);
                }
                let most = ty.maximum.unwrap_or(memory::pages_at_most(&ty));
                ty.minimum = ty.minimum.min(most);
                let memory = Memory {
                    ty,
                    import: Some((offered.module.clone(), offered.name.clone())),
                    export: self
                        .dice
                        .percent(30)
                        .then(|| format!("again{}", offered.live)),
                };
                if twice {
                    let export = None;
                    plan.memories.push(Memory {
                        export,
                        ..memory.clone()
                    });
                }
                plan.memories.push(memory);
            }
        }
        if several && self.dice.percent(40) {
            let ty = memory::declare(self.dice, &self.profile, self.means);
            plan.memories.push(Memory {
                ty,
                import: None,
                export: Some("own".to_owned()),
            });
        }
        self.import_from_owner(&mut plan);
        self.fill_in(&mut plan, "m0", place);
        plan
    }

    /// Imports of the owner's functions and constants.
    fn import_from_owner(&mut self, plan: &mut Plan) {
        let Some(owner) = self.instances.first().map(|i| &self.plans[i.plan]) else {
            return;
        };
        for (name, ty, _) in &owner.constants {
            plan.globals.push(("m0".to_owned(), name.clone(), *ty));
        }
        let helpers = owner.callables.iter().filter(|c| !c.name.is_empty());
        for callee in helpers {
            let memory = match callee.effect {
                Effect::Grow(memory) | Effect::Read(memory, _) => memory,
                Effect::Size | Effect::Write(_) => continue,
            };
            if memory as usize >= plan.memories.len() || !self.dice.percent(60) {
                continue;
            }
            plan.callables.push(Callable {
                function: plan.imports.len() as u32,
                name: String::new(),
                ..callee.clone()
            });
            plan.imports.push(Import {
                module: "m0".to_owned(),
                name: callee.name.clone(),
                params: callee.params.clone(),
                results: callee.results.clone(),
            });
        }
    }

    /// Segments, callees and functions.
    fn fill_in(&mut self, plan: &mut Plan, registered: &str, place: Place) {
        for _ in 0..self.dice.index(3) {
            segments::passive(self.dice, plan);
        }
        let actives = match place {
            Place::Inside => self.dice.index(3),
            _ => 1 + self.dice.index(3),
        };
        for index in 0..actives {
            // The first one fits: it must be there when a later one does not.
            let place = if index == 0 { Place::Inside } else { place };
            segments::active(self.dice, plan, place);
        }
        self.host_imports(plan, registered);
        self.helpers(plan);
        let functions = 4 + self.dice.index(8);
        for index in 0..functions {
            let function = shape::function(self.dice, plan, format!("f{index}"));
            plan.functions.push(function);
        }
    }

    /// Imports of what the embedder can do to the first memory.
    fn host_imports(&mut self, plan: &mut Plan, registered: &str) {
        use ValType::{I32, I64};
        let Some(memory) = plan.memories.first() else {
            return;
        };
        let export = match (&memory.import, &memory.export) {
            (Some((_, name)), _) | (None, Some(name)) => name.clone(),
            (None, None) => return,
        };
        let offers: [(&str, &[ValType], &[ValType], Effect); 4] = [
            ("grow", &[I64], &[I64], Effect::Grow(0)),
            ("size", &[], &[I64], Effect::Size),
            ("read", &[I64], &[I64], Effect::Read(0, 0)),
            ("write", &[I64, I32], &[I32], Effect::Write(0)),
        ];
        for (operation, params, results, effect) in offers {
            let often = match operation {
                _ if self.profile.leans_to(Focus::Host) => 70,
                "grow" => 30,
                _ => 8,
            };
            if !self.dice.percent(often) {
                continue;
            }
            plan.callables.push(Callable {
                function: plan.imports.len() as u32,
                name: String::new(),
                params: params.to_vec(),
                results: results.to_vec(),
                effect,
            });
            plan.imports.push(Import {
                module: HOST.to_owned(),
                name: format!("{operation} {registered}.{export}"),
                params: params.to_vec(),
                results: results.to_vec(),
            });
        }
    }

    /// Functions that others call.
    fn helpers(&mut self, plan: &mut Plan) {
        for memory in 0..plan.memories.len() as u32 {
            let at = plan.memories[memory as usize].address();
            let offset = edge::offset(self.dice, &plan.memories[memory as usize].ty, 1);
            for (percent, name, effect, results) in [
                (50, "grow", Effect::Grow(memory), at),
                (25, "peek", Effect::Read(memory, offset), ValType::I32),
            ] {
                if self.dice.percent(percent) {
                    let name = format!("{name}{memory}");
                    plan.callables.push(Callable {
                        function: plan.next_function(),
                        name: name.clone(),
                        params: vec![at],
                        results: vec![results],
                        effect,
                    });
                    let function = shape::helper(plan, name, effect);
                    plan.functions.push(function);
                }
            }
            self.tail_helper(plan, memory);
        }
    }

    /// A function that grows a memory by calling another one in its place.
    fn tail_helper(&mut self, plan: &mut Plan, memory: u32) {
        let grows = |callee: &&Callable| callee.effect == Effect::Grow(memory);
        let Some(callee) = plan.callables.iter().find(grows).cloned() else {
            return;
        };
        if plan.profile.features.has(Feature::TailCall) && self.dice.percent(70) {
            let name = format!("tail{memory}");
            plan.callables.push(Callable {
                function: plan.next_function(),
                name: name.clone(),
                ..callee.clone()
            });
            let function = shape::tail_helper(plan, name, &callee);
            plan.functions.push(function);
        }
    }

    /// A start function that calls some of the others, with constants that
    /// may make it trap after it has written something.
    pub(super) fn start(&mut self, plan: &mut Plan, place: Place) {
        let mut code = Vec::new();
        let mut live: Vec<Live> = plan
            .memories
            .iter()
            .map(|memory| Live::new(memory.ty, self.means))
            .collect();
        let memories: Vec<usize> = (0..live.len()).collect();
        let calls = if place == Place::Inside { 1 } else { 3 };
        for _ in 0..calls {
            let callee = self.dice.index(plan.functions.len());
            let function = &plan.functions[callee];
            let mut scene = Scene {
                plan,
                live: &mut live,
                memories: &memories,
            };
            let args = call::arguments(self.dice, &mut scene, function);
            code.extend(args.iter().map(|&arg| push(arg)));
            code.push(Instruction::Call((plan.imports.len() + callee) as u32));
            code.extend(function.results.iter().map(|_| Instruction::Drop));
        }
        code.push(Instruction::End);
        plan.start = Some(plan.functions.len());
        plan.functions.push(super::module::Function {
            name: "start".to_owned(),
            params: Vec::new(),
            results: Vec::new(),
            locals: Vec::new(),
            code,
            uses: Vec::new(),
        });
    }
}

/// The instruction that pushes a value.
fn push(value: Value) -> Instruction<'static> {
    match value {
        Value::I32(bits) => constant(ValType::I32, bits.into()),
        Value::F32(bits) => constant(ValType::F32, bits.into()),
        Value::F64(bits) => constant(ValType::F64, bits),
        Value::V128(bits) => Instruction::V128Const(bits as i128),
        Value::I64(bits) => constant(ValType::I64, bits),
        Value::FuncRef(_) => Instruction::RefNull(wasm_encoder::HeapType::FUNC),
        Value::ExternRef(_) => Instruction::RefNull(wasm_encoder::HeapType::EXTERN),
    }
}
