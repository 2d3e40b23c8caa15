//! The steps that each directive of a `.wast` file stands for.

use wast::token::{Id, Span};
use wast::{QuoteWat, WastDirective, WastExecute, WastInvoke, Wat};

use super::encode::{encode, encode_quoted, is_component};
use super::values::{argument, result};
use super::{Reader, TextAssertion};
use crate::script::Step;
use crate::script::expect::Expect;
use crate::script::input::{InputError, Place};

impl Reader<'_> {
    /// Reads one directive.
    // Long, as it has an arm for each directive.
    pub(super) fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), InputError> {
        let line = self.line(directive.span());
        match directive {
            WastDirective::Module(mut module) => {
                if is_component(&module) {
                    self.skip(line, "component");
                    self.out_of_reach(module.name().map(|id| id.name()));
                } else {
                    let id = module.name();
                    let wasm = encode_quoted(&mut module)
                        .map_err(|error| self.module_error(&module, &error))?;
                    self.module(line, id, wasm);
                }
            }
            WastDirective::ModuleDefinition(mut module) => {
                if is_component(&module) {
                    self.skip(line, "component");
                    self.definition_out_of_reach(module.name().map(|id| id.name()));
                } else {
                    let name = self.name_or_fresh(module.name());
                    let wasm = encode_quoted(&mut module)
                        .map_err(|error| self.module_error(&module, &error))?;
                    self.last_module = Some(name.clone());
                    let module = name;
                    self.push(line, Step::Define { module, wasm }, Expect::Success);
                }
            }
            WastDirective::ModuleInstance {
                span,
                instance,
                module,
            } => {
                let instance = self.name_or_fresh(instance);
                let module = match module {
                    Some(id) => id.name().to_owned(),
                    None => self.last_module.clone().ok_or_else(|| {
                        self.at(span, "no module was defined before this instance")
                    })?,
                };
                self.current = Some(instance.clone());
                self.push(
                    line,
                    Step::Instantiate { instance, module },
                    Expect::Success,
                );
            }
            WastDirective::AssertMalformed {
                module, message, ..
            } => self.rejected(line, module, Expect::Malformed(message.to_owned())),
            WastDirective::AssertInvalid {
                module, message, ..
            } => self.rejected(line, module, Expect::Invalid(message.to_owned())),
            WastDirective::AssertInvalidCustom { .. }
            | WastDirective::AssertMalformedCustom { .. } => self.skip(line, "custom section"),
            WastDirective::Register { span, name, module } => {
                let instance = self.instance(span, module)?;
                let name = name.to_owned();
                self.push(line, Step::Register { instance, name }, Expect::Success);
            }
            WastDirective::Invoke(invoke) => {
                self.invoke(invoke, Expect::Anything)?;
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                self.execute(exec, Expect::Trap(message.to_owned()))?;
            }
            WastDirective::AssertReturn { exec, results, .. } => {
                match results.into_iter().map(result).collect() {
                    Some(patterns) => self.execute(exec, Expect::Values(patterns))?,
                    None => {
                        self.skip(line, "result type outside scope");
                        self.execute(exec, Expect::Anything)?;
                    }
                }
            }
            WastDirective::AssertExhaustion { call, .. } => {
                self.invoke(call, Expect::Exhaustion)?;
            }
            WastDirective::AssertUnlinkable {
                module, message, ..
            } => self.failing(line, module, Expect::Unlinkable(message.to_owned()))?,
            WastDirective::AssertException { exec, .. } => {
                self.skip(line, "exception");
                self.execute(exec, Expect::Anything)?;
            }
            WastDirective::AssertSuspension { exec, .. } => {
                self.skip(line, "stack switching");
                self.execute(exec, Expect::Anything)?;
            }
            WastDirective::Thread(thread) => self.thread(line, thread)?,
            WastDirective::Wait { thread, .. } => {
                let thread = thread.name().to_owned();
                let expect = self.threads.remove(&thread).unwrap_or_default();
                self.push(line, Step::Wait { thread }, Expect::Joined(expect));
            }
        }
        Ok(())
    }

    fn at(&self, span: Span, reason: &str) -> InputError {
        let (line, column) = self.lines.at(self.base + span.offset());
        InputError::new(self.file, Place::Line(line, column), reason)
    }

    fn instance(&self, span: Span, id: Option<Id<'_>>) -> Result<String, InputError> {
        match (id, &self.current) {
            (Some(id), _) => Ok(id.name().to_owned()),
            (None, Some(current)) => Ok(current.clone()),
            (None, None) => Err(self.at(span, "no instance was made before this")),
        }
    }

    /// A module that is malformed or invalid.
    fn rejected(&mut self, line: usize, mut module: QuoteWat<'_>, expect: Expect) {
        if is_component(&module) {
            return self.skip(line, "component");
        }
        let name = self.failing_name(module.name());
        match encode_quoted(&mut module) {
            Ok(wasm) => self.push(line, Step::Define { module: name, wasm }, expect),
            // No binary form exists: the text parser has judged it.
            Err(_) => self.source.texts.push(TextAssertion { line, error: None }),
        }
    }

    /// A module that is valid but cannot be instantiated.
    fn failing(&mut self, line: usize, mut wat: Wat<'_>, expect: Expect) -> Result<(), InputError> {
        let Wat::Module(module) = &wat else {
            self.skip(line, "component");
            return Ok(());
        };
        let name = self.failing_name(module.id);
        let wasm = encode(&mut wat).map_err(|error| self.error(&error))?;
        self.module_that(line, name, wasm, expect);
        Ok(())
    }

    fn execute(&mut self, execute: WastExecute<'_>, expect: Expect) -> Result<(), InputError> {
        match execute {
            WastExecute::Invoke(invoke) => self.invoke(invoke, expect),
            WastExecute::Wat(wat) => {
                let line = self.line(wat.span());
                self.failing(line, wat, expect)
            }
            WastExecute::Get {
                span,
                module,
                global,
            } => {
                let line = self.line(span);
                let instance = self.instance(span, module)?;
                let global = global.to_owned();
                self.push(line, Step::Get { instance, global }, expect);
                Ok(())
            }
        }
    }

    fn invoke(&mut self, invoke: WastInvoke<'_>, expect: Expect) -> Result<(), InputError> {
        let line = self.line(invoke.span);
        let instance = self.instance(invoke.span, invoke.module)?;
        let Some(args) = invoke.args.into_iter().map(argument).collect() else {
            self.skip(line, "argument type outside scope");
            return Ok(());
        };
        let func = invoke.name.to_owned();
        let step = Step::Invoke {
            instance,
            func,
            args,
        };
        self.push(line, step, expect);
        Ok(())
    }
}
