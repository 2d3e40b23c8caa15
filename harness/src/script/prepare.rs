//! Makes a file ready to be run: what it lacks is provided, and what it says is checked.

use std::collections::{HashMap, HashSet};

use super::calls::{Exports, exports_of};
use super::input::{InputError, Place};
use super::memories::{imported_memories, unshared_exports};
use super::print::value_type;
use super::stand_in::{self, Returns};
use super::wast::Source;
use super::{HOST, HostFunc, Step, ValueType, spectest};
use crate::engine::reference::{self, NotSaid};
use crate::engine::{Budget, Job};
use crate::observation::{Outcome, Watch};

/// What threads may use while it is found out whether they end.
const THREADS_BUDGET: Budget = Budget::of(1 << 30);

/// How many functions are left out one by one.
const MOST_LEFT_OUT: usize = 40;

impl Source {
    /// Checks the calls that the script makes, provides what it imports and does not
    /// provide, and calls what is exported if it calls nothing: the same for every
    /// verb, and the same each time. What was added is in [`Source::added`].
    ///
    /// # Errors
    /// A call or a read of something that is not there, or with arguments that do not
    /// fit: the first, with its line. `file` is the name of the file.
    pub fn prepare(&mut self, file: &str, returns: Returns) -> Result<(), InputError> {
        self.check(file)?;
        self.added = stand_in::provide(self, returns)
            .into_iter()
            .map(|line| format!("stands in for {line}"))
            .collect();
        let called = self.call_exports();
        self.added.extend(called);
        self.threads_end(file)
    }

    /// Checks that no thread can wait for ever: on an engine it would.
    fn threads_end(&self, file: &str) -> Result<(), InputError> {
        if !reference::has_threads(&self.script) {
            return Ok(());
        }
        let watch = Watch::default();
        let job = Job::new(&self.script, THREADS_BUDGET, &watch, &[]);
        let Err(why @ NotSaid::NeverEnds(threads)) =
            &reference::allowed(&job, &reference::Options::default())
        else {
            return Ok(());
        };
        let steps = self.script.steps.iter().zip(&self.steps);
        let mut lines = steps.filter_map(|(step, from)| match step {
            Step::Thread { name, .. } if threads.contains(name) => Some(from.line),
            _ => None,
        });
        let line = lines.next().unwrap_or(1);
        Err(InputError::new(file, Place::Line(line, 1), why.words()))
    }

    /// Leaves out calls that were added and on which the reference comes to no end
    /// within `fuel` instructions, waits, or exhausts the stack: behind such a call nothing can
    /// be compared. What was left out is said in [`Source::added`].
    pub fn leave_out_endless_calls(&mut self, budget: Budget, fuel: u64) {
        let options = reference::Options {
            trace: false,
            fuel: Some(fuel),
            ..Default::default()
        };
        let mut left_out = Vec::new();
        let cut = loop {
            let watch = Watch::default();
            let job = Job::new(&self.script, budget, &watch, &[]);
            let run = reference::observe(&job, &options);
            let observed = run.observation.steps;
            let exhausted = observed
                .last()
                .filter(|step| step.outcome == Outcome::Exhausted)
                .map(|_| observed.len() - 1);
            let endless = run.unsent.map(|unsent| unsent.step).or(exhausted);
            let Some(last) = endless.filter(|&last| self.steps[last].line == 0) else {
                break None;
            };
            let Step::Invoke { func, .. } = &self.script.steps[last] else {
                break None;
            };
            let func = func.clone();
            if left_out.len() == MOST_LEFT_OUT {
                break Some(last);
            }
            // What does not end once may not end with other arguments.
            let keep: Vec<bool> = (0..self.script.steps.len())
                .map(|index| match &self.script.steps[index] {
                    Step::Invoke { func: other, .. } => index < last || *other != func,
                    _ => true,
                })
                .collect();
            let mut kept = keep.iter();
            self.script.steps.retain(|_| *kept.next().unwrap_or(&true));
            let mut kept = keep.iter();
            self.steps.retain(|_| *kept.next().unwrap_or(&true));
            left_out.push(format!("{func:?}"));
        };
        if let Some(cut) = cut {
            self.script.steps.truncate(cut);
            self.steps.truncate(cut);
            left_out.push("and whatever comes behind it".to_owned());
        }
        if !left_out.is_empty() {
            self.added.push(format!(
                "left out, for it takes more than {fuel} instructions or the whole stack: {}",
                left_out.join(", ")
            ));
        }
    }

    /// Whether the script makes no calls of its own, so that some were added.
    pub fn calls_were_added(&self) -> bool {
        let last = self.script.steps.last().zip(self.steps.last());
        last.is_some_and(|(step, from)| matches!(step, Step::Invoke { .. }) && from.line == 0)
    }

    /// Whether there is nothing in it that could be run.
    pub fn is_empty(&self) -> bool {
        self.script.steps.is_empty()
    }

    fn check(&self, file: &str) -> Result<(), InputError> {
        let mut names = Names::default();
        for (step, from) in self.script.steps.iter().zip(&self.steps) {
            if let Err(why) = names.check(step) {
                return Err(InputError::new(file, Place::Line(from.line, 1), why));
            }
        }
        Ok(())
    }
}

/// What a script has made so far. What engines do to a wrong call is nothing that the
/// specification speaks of: it is the script that is wrong.
#[derive(Default)]
struct Names<'s> {
    /// What the modules export; `None` for what cannot be read.
    modules: HashMap<&'s str, Option<Exports>>,
    binaries: HashMap<&'s str, &'s [u8]>,
    /// The modules of instances; `None` for one that is shared with a thread.
    instances: HashMap<&'s str, Option<&'s str>>,
    /// Whether each thread that was started has been waited for.
    threads: HashMap<&'s str, bool>,
    /// In a thread, the names under which it has the memories of the script that are
    /// not shared.
    unshared: HashSet<(&'s str, String)>,
    /// The memories of the script's instance that are not shared, by export.
    of_script: Vec<String>,
}

impl<'s> Names<'s> {
    // Long, as it has an arm for each kind of step.
    fn check(&mut self, step: &'s Step) -> Result<(), String> {
        match step {
            Step::Define { module, wasm } => {
                if let Some((from, name)) = self.unshared_import(wasm) {
                    return Err(format!(
                        "a thread has only shared memories: {name:?} of {from:?} is not"
                    ));
                }
                self.modules.insert(module, exports_of(wasm).ok());
                self.binaries.insert(module, wasm);
            }
            Step::Instantiate { instance, module } => {
                if !self.modules.contains_key(module.as_str()) {
                    return Err(format!("no module ${module} is defined before this"));
                }
                self.instances.insert(instance, Some(module));
            }
            Step::Register { instance, name } => {
                self.exports(instance)?;
                if self.instances.get(instance.as_str()) == Some(&None) {
                    let unshared = self.of_script.iter();
                    let unshared = unshared.map(|export| (name.as_str(), export.clone()));
                    self.unshared.extend(unshared.collect::<Vec<_>>());
                }
            }
            Step::Invoke {
                instance,
                func,
                args,
            } => {
                let passed: Vec<_> = args.iter().map(|arg| arg.ty()).collect();
                let params = if instance == HOST {
                    let host = HostFunc::parse(func)
                        .ok_or_else(|| format!("${HOST} has no function {func:?}"))?;
                    Some(host.ty().0.to_vec())
                } else {
                    let Some(exports) = self.exports(instance)? else {
                        return Ok(());
                    };
                    let params = exports.functions.get(func);
                    params
                        .ok_or_else(|| format!("${instance} exports no function {func:?}"))?
                        .clone()
                };
                if let Some(params) = params.filter(|params| *params != passed) {
                    return Err(format!(
                        "{func:?} takes {}, and is given {}",
                        types(&params),
                        types(&passed)
                    ));
                }
            }
            Step::Get { instance, global } => {
                let exports = self.exports(instance)?;
                if exports.is_some_and(|exports| !exports.globals.contains(global)) {
                    return Err(format!("${instance} exports no global {global:?}"));
                }
            }
            Step::Thread {
                name,
                shared,
                steps,
            } => {
                if self.threads.insert(name, false) == Some(false) {
                    return Err(format!("${name} is started again before it was waited for"));
                }
                let mut inside = Names::default();
                if let Some(shared) = shared {
                    self.exports(shared)?;
                    inside.instances.insert(shared, None);
                    let module = self.instances.get(shared.as_str()).copied().flatten();
                    let wasm = module.and_then(|module| self.binaries.get(module));
                    inside.of_script = wasm.map_or_else(Vec::new, |wasm| unshared_exports(wasm));
                }
                for step in steps {
                    inside.check(step)?;
                }
            }
            Step::Wait { thread } => match self.threads.insert(thread, true) {
                Some(false) => {}
                Some(true) => return Err(format!("${thread} was waited for before this")),
                None => return Err(format!("no thread ${thread} is started before this")),
            },
        }
        Ok(())
    }

    /// A memory that a module imports and that another thread has too, unshared.
    fn unshared_import(&self, wasm: &[u8]) -> Option<(String, String)> {
        let mut imports = imported_memories(wasm).into_iter();
        imports.find(|(module, name)| self.unshared.contains(&(module.as_str(), name.clone())))
    }

    /// What an instance exports, as far as that is known.
    fn exports(&self, instance: &str) -> Result<Option<&Exports>, String> {
        if instance == HOST || instance == spectest::NAME {
            return Ok(None);
        }
        let module = self
            .instances
            .get(instance)
            .ok_or_else(|| format!("no instance ${instance} is made before this"))?;
        let exports = module.and_then(|module| self.modules.get(module));
        Ok(exports.and_then(Option::as_ref))
    }
}

fn types(types: &[ValueType]) -> String {
    if types.is_empty() {
        return "nothing".to_owned();
    }
    let names = types.iter().map(|ty| value_type(*ty));
    names.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::wast::parse;

    fn prepared(file: &str, text: &str) -> Result<Source, String> {
        let mut source = parse(file, text.as_bytes()).expect("it reads");
        match source.prepare(file, Returns::Drawn) {
            Ok(()) => Ok(source),
            Err(why) => Err(why.to_string()),
        }
    }

    #[test]
    fn a_wrong_call_is_an_error_of_its_line() {
        let module = "(module $m (func (export \"f\") (param i32)) (global (export \"g\") i32 (i32.const 1)))\n";
        for (calls, why) in [
            ("(invoke \"g\")", "$m exports no function \"g\""),
            ("(invoke \"f\")", "\"f\" takes i32, and is given nothing"),
            (
                "(invoke \"f\" (i64.const 1))",
                "\"f\" takes i32, and is given i64",
            ),
            ("(assert_return (get \"f\"))", "$m exports no global \"f\""),
            ("(invoke $n \"f\")", "no instance $n is made before this"),
            ("(register \"n\" $n)", "no instance $n is made before this"),
            (
                "(module instance $i $n)",
                "no module $n is defined before this",
            ),
            (
                "(invoke $host \"shrink m.m\")",
                "$host has no function \"shrink m.m\"",
            ),
            ("(wait $t)", "no thread $t is started before this"),
        ] {
            let error = prepared("a.wast", &format!("{module}{calls}"));
            assert_eq!(error, Err(format!("a.wast:2:1: {why}")), "{calls}");
        }
        for right in [
            "(invoke \"f\" (i32.const 1))",
            "(assert_return (get \"g\") (i32.const 1))",
            "",
        ] {
            prepared("a.wast", &format!("{module}{right}")).expect("it is right");
        }
    }

    const MEMORY: &str =
        "(module $m (memory (export \"m\") 1 1 shared) (memory (export \"own\") 1))\n";

    #[test]
    fn what_is_wrong_with_threads_is_an_error_of_its_line() {
        let waits = |count: i32| {
            format!(
                "(thread $t (shared (module $m)) (register \"m\" $m)
                  (module (import \"m\" \"m\" (memory 1 1 shared)) (func (export \"f\") (result i32)
                    (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const {count}))))
                  (invoke \"f\"))\n"
            )
        };
        for (text, why) in [
            (
                "(thread $t)\n(wait $t)\n(wait $t)".to_owned(),
                "4:1: $t was waited for before this",
            ),
            (
                "(thread $t)\n(thread $t)".to_owned(),
                "3:1: $t is started again before it was waited for",
            ),
            (
                "(thread $t (shared (module $m)) (register \"n\" $m)\n
                  (module (import \"n\" \"own\" (memory 1))))"
                    .to_owned(),
                "2:1: a thread has only shared memories: \"own\" of \"n\" is not",
            ),
            (
                format!("{}(wait $t)", waits(-1)),
                "2:1: threads may wait for ever: $t",
            ),
        ] {
            let error = prepared("a.wast", &format!("{MEMORY}{text}"));
            assert_eq!(error, Err(format!("a.wast:{why}")), "{text}");
        }
        let right = format!("{MEMORY}{}(wait $t)", waits(1000));
        prepared("a.wast", &right).expect("it times out");
    }

    #[test]
    fn what_was_added_is_said() {
        let text = r#"(module (import "env" "f" (func)) (memory (export "m") 1)
            (func (export "a")) (func (export "b") (param i32)))"#;
        let source = prepared("a.wat", text).expect("it is right");
        assert_eq!(
            source.added,
            [
                "stands in for env: function f",
                "called, for the file calls nothing: \"a\" once, \"b\" 10 times",
            ]
        );
        assert!(source.is_module);
        let again = prepared("a.wast", &format!("{text} (invoke \"a\")")).expect("it is right");
        assert_eq!(again.added.len(), 1);
    }

    #[test]
    fn a_comment_is_nothing_to_run() {
        assert!(prepared("a.wast", ";; nothing").unwrap().is_empty());
        assert!(!prepared("a.wast", "(module)").unwrap().is_empty());
    }
}
