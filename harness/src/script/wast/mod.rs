//! Reads a script from `.wast`, `.wat` or `.wasm`.

mod directive;
mod each;
mod encode;
mod forms;
mod named;
mod source;
#[cfg(test)]
mod tests;
mod values;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use wast::lexer::Lexer;
use wast::parser::ParseBuffer;
use wast::token::{Id, Span};
use wast::{QuoteWat, Wast, WastDirective, WastThread, Wat};

use super::expect::Expect;
use super::input::{InputError, Lines, Place};
use super::{Step, binary, spectest};
use encode::{encode, place_in_quotes};
use named::register_named;

pub use each::parse_each;
pub use source::{Skipped, Source, StepSource, TextAssertion};

/// Reads a script from a file: a binary if it begins with `\0asm` or is named
/// `.wasm`, a text otherwise. A lone module is defined and instantiated.
///
/// # Errors
///
/// One line naming file, place and reason: the file is missing, is neither
/// text nor binary, or is a module outside scope. A binary that is malformed is
/// a script all the same.
pub fn read(path: &Path) -> Result<Source, InputError> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file".to_owned(),
            _ => error.to_string(),
        };
        InputError::new(&file, Place::File, reason)
    })?;
    parse(&file, &bytes)
}

/// Reads a script from the contents of the file called `file`; see [`read`].
///
/// # Errors
///
/// As [`read`].
///
/// ```
/// use trapline_harness::script::wast::parse;
/// let source = parse("a.wast", b"(module (func (export \"f\"))) (assert_return (invoke \"f\"))")?;
/// assert_eq!(source.script.steps.len(), 3); // define, instantiate, invoke
/// # Ok::<(), trapline_harness::script::input::InputError>(())
/// ```
pub fn parse(file: &str, bytes: &[u8]) -> Result<Source, InputError> {
    if bytes.starts_with(b"\0asm") || file.ends_with(".wasm") {
        binary::check(file, bytes)?;
        let mut reader = Reader::new(file, "");
        reader.source.is_module = true;
        reader.module(0, None, bytes.to_vec());
        return Ok(reader.finish());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to() as u64;
        InputError::new(
            file,
            Place::Byte(offset),
            "neither text (UTF-8) nor a binary",
        )
    })?;
    let mut reader = Reader::new(file, text);
    if forms::forms(text).is_some_and(|forms| forms.is_empty()) {
        return Ok(reader.finish());
    }
    // The official suite's names.wast is confusing on purpose.
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).map_err(|error| reader.error(&error))?;
    let mut wast =
        wast::parser::parse::<Wast<'_>>(&buffer).map_err(|error| reader.error(&error))?;
    if let [WastDirective::Module(QuoteWat::Wat(wat))] = &mut wast.directives[..]
        && !file.ends_with(".wast")
    {
        // A lone module outside scope is an error; in a script it is a skip.
        let (line, column) = reader.lines.at(wat.span().offset());
        let name = match wat {
            Wat::Module(module) => module.id,
            Wat::Component(_) => None,
        };
        let wasm = encode(wat).map_err(|error| reader.error(&error))?;
        binary::check(file, &wasm).map_err(|error| InputError {
            place: Place::Line(line, column),
            ..error
        })?;
        reader.source.is_module = true;
        reader.module(line, name, wasm);
        return Ok(reader.finish());
    }
    reader.names = wast.directives.iter().filter_map(given_name).collect();
    for directive in wast.directives {
        reader.directive(directive)?;
    }
    Ok(reader.finish())
}

/// The name a directive gives to a module or an instance.
fn given_name(directive: &WastDirective<'_>) -> Option<String> {
    let id = match directive {
        WastDirective::Module(module) | WastDirective::ModuleDefinition(module) => module.name(),
        WastDirective::ModuleInstance { instance, .. } => *instance,
        _ => None,
    };
    id.map(|id| id.name().to_owned())
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    lines: Lines,
    /// Where the text that is being read begins in the file.
    base: usize,
    source: Source,
    /// Names that the text gives: not to be used for what it leaves unnamed.
    names: HashSet<String>,
    unnamed: usize,
    /// The module that `(module instance $i)` without a module means.
    last_module: Option<String>,
    /// The instance that is meant where none is named.
    current: Option<String>,
    /// What is asserted of the threads that nobody has waited for.
    threads: HashMap<String, Vec<(usize, Expect)>>,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        Reader {
            file,
            text,
            lines: Lines::of(text),
            base: 0,
            source: Source::default(),
            names: HashSet::new(),
            unnamed: 0,
            last_module: None,
            current: None,
            threads: HashMap::new(),
        }
    }

    fn finish(mut self) -> Source {
        register_named(&mut self.source, &self.names);
        let added = spectest::steps_for(&self.source.script);
        let source = StepSource {
            line: 0,
            expect: Expect::Success,
        };
        let sources = std::iter::repeat_n(source, added.len());
        self.source.steps.splice(0..0, sources);
        self.source.script.steps.splice(0..0, added);
        self.source
    }

    fn line(&self, span: Span) -> usize {
        self.lines.at(self.base + span.offset()).0
    }

    fn error(&self, error: &wast::Error) -> InputError {
        let (line, column) = self.lines.at(self.base + error.span().offset());
        InputError::new(self.file, Place::Line(line, column), error.message())
    }

    /// An error in a module that may be quoted: its place in the file.
    fn module_error(&self, module: &QuoteWat<'_>, error: &wast::Error) -> InputError {
        let text = self.text.get(self.base..).unwrap_or_default();
        match place_in_quotes(module, text, error.span().offset()) {
            Some(offset) => {
                let (line, column) = self.lines.at(self.base + offset);
                InputError::new(self.file, Place::Line(line, column), error.message())
            }
            None => self.error(error),
        }
    }

    fn push(&mut self, line: usize, step: Step, expect: Expect) {
        self.source.script.steps.push(step);
        self.source.steps.push(StepSource { line, expect });
    }

    fn skip(&mut self, line: usize, reason: impl Into<Cow<'static, str>>) {
        let reason = reason.into();
        self.source.skipped.push(Skipped { line, reason });
    }

    /// A thread: a script of its own, but for one instance.
    fn thread(&mut self, line: usize, thread: WastThread<'_>) -> Result<(), InputError> {
        let name = thread.name.name().to_owned();
        let shared = thread.shared_module.map(|id| id.name().to_owned());
        let mut reader = Reader {
            text: self.text,
            lines: self.lines.clone(),
            base: self.base,
            current: shared.clone(),
            names: thread.directives.iter().filter_map(given_name).collect(),
            ..Reader::new(self.file, "")
        };
        for directive in thread.directives {
            if let WastDirective::Thread(_) | WastDirective::Wait { .. } = directive {
                let line = reader.line(directive.span());
                reader.skip(line, "a thread of a thread");
                continue;
            }
            reader.directive(directive)?;
        }
        let Source {
            script,
            steps,
            texts,
            skipped,
            is_module: _,
            added: _,
        } = reader.source;
        self.source.texts.extend(texts);
        self.source.skipped.extend(skipped);
        let expects = steps.into_iter().map(|step| (step.line, step.expect));
        self.threads.insert(name.clone(), expects.collect());
        let steps = script.steps;
        let thread = Step::Thread {
            name,
            shared,
            steps,
        };
        self.push(line, thread, Expect::Success);
        Ok(())
    }

    /// A name for what the text leaves unnamed: `m0`, `m1`, …
    fn fresh(&mut self) -> String {
        loop {
            let name = format!("m{}", self.unnamed);
            self.unnamed += 1;
            if !self.names.contains(&name) {
                return name;
            }
        }
    }

    fn name_or_fresh(&mut self, id: Option<Id<'_>>) -> String {
        match id {
            Some(id) => id.name().to_owned(),
            None => self.fresh(),
        }
    }

    /// A module, defined and instantiated at once.
    fn module(&mut self, line: usize, id: Option<Id<'_>>, wasm: Vec<u8>) {
        let name = self.name_or_fresh(id);
        self.module_that(line, name.clone(), wasm, Expect::Success);
        self.last_module = Some(name.clone());
        self.current = Some(name);
    }

    fn module_that(&mut self, line: usize, name: String, wasm: Vec<u8>, expect: Expect) {
        let module = name.clone();
        self.push(line, Step::Define { module, wasm }, Expect::Success);
        let module = name.clone();
        let instance = name;
        self.push(line, Step::Instantiate { instance, module }, expect);
    }

    /// A module that is to fail: its name must not take another's place.
    fn failing_name(&mut self, id: Option<Id<'_>>) -> String {
        match id {
            Some(id) if !self.names.contains(id.name()) => id.name().to_owned(),
            _ => self.fresh(),
        }
    }
}
