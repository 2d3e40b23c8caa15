//! Runs one file of the suite.

use std::collections::HashMap;

use trapline_reference::{
    Config, Error, Extern, InstanceId, Module, Proposals, Rejection, Store, Value,
};
use wast::lexer::Lexer;
use wast::parser::{self, ParseBuffer};
use wast::{QuoteWat, Wast, WastDirective, WastExecute, WastInvoke, WastRet};

use crate::spectest::Spectest;
use crate::values;

/// How many assertions held, and those that did not: `line: why`.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) passed: usize,
    pub(crate) failures: Vec<String>,
}

/// Runs a file in a store of its own.
pub(crate) fn run(text: &str, proposals: Proposals) -> Report {
    let mut report = Report::default();
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let parsed = ParseBuffer::new_with_lexer(lexer)
        .map_err(|e| e.to_string())
        .and_then(|buffer| {
            let wast: Wast<'_> = parser::parse(&buffer).map_err(|e| e.to_string())?;
            let mut runner = Runner::new(proposals);
            for directive in wast.directives {
                let line = directive.span().linecol_in(text).0 + 1;
                match runner.directive(directive) {
                    Ok(()) => report.passed += 1,
                    Err(why) => report.failures.push(format!("{line}: {why}")),
                }
            }
            Ok(())
        });
    if let Err(why) = parsed {
        report.failures.push(why);
    }
    report
}

/// A thread of the suite: its own names, a store, perhaps a memory shared.
struct Runner {
    proposals: Proposals,
    store: Store,
    spectest: Spectest,
    modules: HashMap<Option<String>, Module>,
    instances: HashMap<Option<String>, InstanceId>,
}

impl Runner {
    fn new(proposals: Proposals) -> Runner {
        let mut store = Store::new(Config {
            call_depth: 2_000,
            fuel: 500_000_000,
            ..Config::default()
        });
        let spectest = Spectest::new(&mut store);
        Runner {
            proposals,
            store,
            spectest,
            modules: HashMap::new(),
            instances: HashMap::new(),
        }
    }

    fn directive(&mut self, directive: WastDirective<'_>) -> Result<(), String> {
        match directive {
            WastDirective::Module(mut wat) => {
                let name = wat.name().map(|id| id.name().to_owned());
                let module = self.compile(&mut wat)?;
                let instance = self.instantiate(&module).map_err(|e| e.to_string())?;
                self.modules.insert(name.clone(), module);
                self.instances.insert(name, instance);
                self.instances.insert(None, instance);
                Ok(())
            }
            WastDirective::ModuleDefinition(mut wat) => {
                let name = wat.name().map(|id| id.name().to_owned());
                let module = self.compile(&mut wat)?;
                self.modules.insert(name, module.clone());
                self.modules.insert(None, module);
                Ok(())
            }
            WastDirective::ModuleInstance {
                instance, module, ..
            } => {
                let module = module.map(|id| id.name().to_owned());
                let module = self.modules.get(&module).cloned().ok_or("no such module")?;
                let made = self.instantiate(&module).map_err(|e| e.to_string())?;
                self.instances
                    .insert(instance.map(|id| id.name().to_owned()), made);
                self.instances.insert(None, made);
                Ok(())
            }
            WastDirective::Register { name, module, .. } => {
                let instance = self.instance(module.map(|id| id.name()))?;
                self.store.register(name, instance);
                Ok(())
            }
            WastDirective::Invoke(invoke) => {
                self.invoke(&invoke)?.map(drop).map_err(|e| e.to_string())
            }
            WastDirective::AssertReturn { exec, results, .. } => self.assert_return(exec, &results),
            WastDirective::AssertTrap { exec, message, .. } => {
                let Err(error) = self.execute(exec)? else {
                    return Err(format!("no trap: {message}"));
                };
                expect_message(&error, message)
            }
            WastDirective::AssertExhaustion { call, .. } => match self.invoke(&call)? {
                Err(Error::Exhausted) => Ok(()),
                other => Err(format!("not exhausted: {other:?}")),
            },
            WastDirective::AssertUnlinkable {
                module, message, ..
            } => {
                let module = self.compile(&mut QuoteWat::Wat(module))?;
                match self.instantiate(&module) {
                    Err(Error::Link(why)) if why.starts_with(message) => Ok(()),
                    other => Err(format!("expected {message:?}, got {other:?}")),
                }
            }
            WastDirective::AssertInvalid {
                mut module,
                message,
                ..
            } => {
                let wasm = module.encode().map_err(|e| e.to_string())?;
                match Module::with(&wasm, self.proposals) {
                    Err(Rejection::Invalid(_)) => Ok(()),
                    other => Err(format!("expected {message:?}, got {other:?}")),
                }
            }
            WastDirective::AssertMalformed {
                mut module,
                message,
                ..
            } => {
                // Malformed text is for the text parser to refuse.
                let Ok(wasm) = module.encode() else {
                    return Ok(());
                };
                match Module::with(&wasm, self.proposals) {
                    Err(Rejection::Invalid(_)) => Ok(()),
                    other => Err(format!("expected {message:?}, got {other:?}")),
                }
            }
            WastDirective::Thread(thread) => {
                // One after the other is one of the ways they may interleave.
                let mut other = Runner::new(self.proposals);
                let shared = thread.shared_module.map(|id| id.name().to_owned());
                if let Some(shared) = shared {
                    other.store = self.store.clone();
                    let instance = self.instance(Some(&shared))?;
                    other.instances.insert(Some(shared), instance);
                }
                for directive in thread.directives {
                    other.directive(directive)?;
                }
                self.store = other.store;
                Ok(())
            }
            WastDirective::Wait { .. } => Ok(()),
            WastDirective::AssertMalformedCustom { .. }
            | WastDirective::AssertInvalidCustom { .. } => Ok(()),
            WastDirective::AssertException { .. } | WastDirective::AssertSuspension { .. } => {
                Err("out of scope".to_owned())
            }
        }
    }

    fn compile(&self, wat: &mut QuoteWat<'_>) -> Result<Module, String> {
        let wasm = wat.encode().map_err(|e| e.to_string())?;
        Module::with(&wasm, self.proposals).map_err(|e| e.to_string())
    }

    fn instantiate(&mut self, module: &Module) -> Result<InstanceId, Error> {
        let Runner {
            store, spectest, ..
        } = self;
        store.instantiate(module, |store, module, name| match module {
            "spectest" => spectest.get(name),
            _ => store.export(store.registered(module)?, name),
        })
    }

    fn instance(&self, name: Option<&str>) -> Result<InstanceId, String> {
        let key = name.map(str::to_owned);
        self.instances
            .get(&key)
            .copied()
            .ok_or_else(|| format!("no instance {name:?}"))
    }

    /// The outer error: the directive makes no sense here.
    fn invoke(&mut self, invoke: &WastInvoke<'_>) -> Result<Result<Vec<Value>, Error>, String> {
        let instance = self.instance(invoke.module.map(|id| id.name()))?;
        let args: Option<Vec<Value>> = invoke.args.iter().map(values::argument).collect();
        let args = args.ok_or("an argument out of scope")?;
        match self.store.export(instance, invoke.name) {
            Some(Extern::Func(func)) => Ok(self.store.invoke(func, &args)),
            _ => Err(format!("no function {:?}", invoke.name)),
        }
    }

    fn execute(&mut self, exec: WastExecute<'_>) -> Result<Result<Vec<Value>, Error>, String> {
        match exec {
            WastExecute::Invoke(invoke) => self.invoke(&invoke),
            WastExecute::Wat(wat) => {
                let module = self.compile(&mut QuoteWat::Wat(wat))?;
                Ok(self.instantiate(&module).map(|_| Vec::new()))
            }
            WastExecute::Get { module, global, .. } => {
                let instance = self.instance(module.map(|id| id.name()))?;
                match self.store.export(instance, global) {
                    Some(Extern::Global(global)) => Ok(Ok(vec![self.store.global(global)])),
                    _ => Err(format!("no global {global:?}")),
                }
            }
        }
    }

    fn assert_return(
        &mut self,
        exec: WastExecute<'_>,
        expected: &[WastRet<'_>],
    ) -> Result<(), String> {
        match self.execute(exec)? {
            Ok(found) if values::all_match(&found, expected) => Ok(()),
            Ok(found) => Err(format!("expected {expected:?}, got {found:?}")),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// One of the kinds of trap must have the words that are expected, or begin
/// with them, or be more general.
fn expect_message(error: &Error, message: &str) -> Result<(), String> {
    let found = match error {
        Error::Trap(kinds) => kinds
            .iter()
            .any(|kind| message.starts_with(kind.message()) || kind.message().starts_with(message)),
        _ => false,
    };
    if found {
        Ok(())
    } else {
        Err(format!("expected {message:?}, got {error}"))
    }
}
