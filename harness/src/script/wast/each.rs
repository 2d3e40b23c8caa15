//! Reads as much of a script as can be read: what is beyond it is left out, directive
//! by directive, with the reason.

use wast::Wast;
use wast::lexer::Lexer;
use wast::parser::ParseBuffer;

use super::forms::{forms, module_name};
use super::{Reader, Source, parse};
use crate::script::Step;
use crate::script::expect::Expect;
use crate::script::input::InputError;

/// As [`parse`], but a directive of a `.wast` that cannot be read, for it is of a
/// proposal that the text parser does not know, or needs what is not there, is left
/// out, with the reason. So is what refers to a module that is left out.
///
/// # Errors
///
/// As [`parse`], if it is not even a sequence of directives.
///
/// ```
/// use trapline_harness::script::wast::parse_each;
/// let source = parse_each("a.wast", b"(module (func (bogus))) (module (memory 1))")?;
/// assert_eq!(source.skipped.len(), 1);
/// # Ok::<(), trapline_harness::script::input::InputError>(())
/// ```
pub fn parse_each(file: &str, bytes: &[u8]) -> Result<Source, InputError> {
    let error = match parse(file, bytes) {
        Ok(source) => return Ok(source),
        Err(error) => error,
    };
    let text = std::str::from_utf8(bytes).ok();
    let forms = text.and_then(|text| Some((text, forms(text)?)));
    let Some((text, forms)) = forms.filter(|_| file.ends_with(".wast")) else {
        return Err(error);
    };
    let mut reader = Reader::new(file, text);
    for form in &forms {
        let name = module_name(&text[form.clone()]).flatten();
        reader.names.extend(name.map(str::to_owned));
    }
    for form in forms {
        reader.base = form.start;
        reader.one(&text[form]);
    }
    Ok(reader.finish())
}

impl Reader<'_> {
    /// Reads one directive, or leaves it out.
    fn one(&mut self, form: &str) {
        let line = self.lines.at(self.base).0;
        let mut lexer = Lexer::new(form);
        lexer.allow_confusing_unicode(true);
        let read = ParseBuffer::new_with_lexer(lexer).and_then(|buffer| {
            let wast = wast::parser::parse::<Wast<'_>>(&buffer)?;
            let mut directives = wast.directives.into_iter();
            let read = directives.try_for_each(|directive| self.directive(directive));
            Ok(read.map_err(|error| error.reason))
        });
        let why = match read {
            Ok(Ok(())) => return,
            Ok(Err(reason)) => reason,
            Err(error) => error.message(),
        };
        let why = why.lines().next().unwrap_or_default();
        self.skip(line, format!("not read: {why}"));
        if let Some(name) = module_name(form) {
            self.out_of_reach(name);
        }
    }

    /// Puts a module that is out of scope in the place of one that was left out, so
    /// that what refers to it is skipped as well.
    pub(super) fn out_of_reach(&mut self, name: Option<&str>) {
        let name = self.definition_out_of_reach(name);
        let (module, instance) = (name.clone(), name.clone());
        self.push(0, Step::Instantiate { instance, module }, Expect::Anything);
        self.current = Some(name);
    }

    /// The same of a definition, of which instances are made later.
    pub(super) fn definition_out_of_reach(&mut self, name: Option<&str>) -> String {
        let name = name.map_or_else(|| self.fresh(), str::to_owned);
        let module = name.clone();
        let wasm = OUT_OF_SCOPE.to_vec();
        self.push(0, Step::Define { module, wasm }, Expect::Anything);
        self.last_module = Some(name.clone());
        name
    }
}

/// A module that is out of scope: it defines a structure.
const OUT_OF_SCOPE: [u8; 13] = *b"\0asm\x01\0\0\0\x01\x03\x01\x5f\0";
