//! The steps of a script: instances, calls, and what is looked at behind them.

use trapline_reference::Value;

use super::arguments::{Shape, arguments};
use super::contents::looked_at;
use super::module::{Draft, Segment};
use super::{Builder, constant_expression, segment};
use crate::script::{HOST, Step};
use crate::sweep::Point;
use crate::sweep::space::{Action, Before, Delta, Form};
use wasm_encoder::ValType;

impl Builder {
    /// Makes the instances that a point needs, or all points of a script.
    pub(super) fn instances(&mut self, point: Option<&Point>) {
        if self.kind.imported {
            self.instance("p", "p");
        }
        let action = point.map(|point| point.operation().action);
        if matches!(action, Some(Action::Segment(_))) {
            return;
        }
        self.instance("m", "m");
        if self.is_prepared() {
            self.invoke("m", "prepare", Vec::new());
        }
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
    pub(super) fn point(&mut self, index: usize, point: &Point) {
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
