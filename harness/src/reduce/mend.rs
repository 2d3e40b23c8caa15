//! Modules that are not valid because of what stands in a function.
//!
//! An engine that translates while it validates can fail at an instruction
//! before it comes to the one that makes the module invalid. Cut there, the
//! module is valid: text can say it, and it shows that the fault has nothing to
//! do with invalid modules.

use wasm_encoder::{CodeSection, RawSection};
use wasmparser::{
    FrameKind, FuncToValidate, FunctionBody, Parser, Payload, ValidPayload, Validator,
    ValidatorResources, WasmFeatures,
};

use super::Run;
use super::case::{Item, is_valid};
use crate::script::{Step, spectest};

/// Makes modules valid, where that shows the same.
pub(super) fn mend_modules(run: &mut Run<'_>) {
    for step in 0..run.case.steps.len() {
        let Step::Define { module, wasm } = &run.case.steps[step].step else {
            continue;
        };
        if module == spectest::NAME || is_valid(wasm) {
            continue;
        }
        let candidate = mended(wasm).map(|wasm| {
            let mut case = run.case.clone();
            let module = module.clone();
            case.steps[step] = Item::new(&Step::Define { module, wasm });
            case
        });
        run.attempt(candidate);
    }
}

/// The module with each function cut before its first instruction that is not
/// valid; `None` if something else is wrong with it.
pub(super) fn mended(wasm: &[u8]) -> Option<Vec<u8>> {
    let mut validator = Validator::new_with_features(WasmFeatures::all());
    let mut module = wasm_encoder::Module::new();
    let (mut code, mut missing) = (CodeSection::new(), None::<u32>);
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = match payload {
            Ok(payload) => payload,
            // What comes after the functions is seldom needed.
            Err(_) if missing == Some(0) => break,
            Err(_) => return None,
        };
        match (validator.payload(&payload).ok()?, &payload) {
            (ValidPayload::Func(function, body), _) => {
                code.raw(&cut(wasm, function, &body)?);
                missing = missing.map(|missing| missing - 1);
                if missing == Some(0) {
                    module.section(&code);
                }
            }
            (_, Payload::CodeSectionStart { count, .. }) => missing = Some(*count),
            (_, payload) => {
                if let Some((id, range)) = payload.as_section() {
                    let data = &wasm[range.start as usize..range.end as usize];
                    module.section(&RawSection { id, data });
                }
            }
        }
    }
    let mended = module.finish();
    is_valid(&mended).then_some(mended)
}

/// The body of a function as far as it is valid, and what closes it: after
/// `unreachable` any types will do.
fn cut(
    wasm: &[u8],
    function: FuncToValidate<ValidatorResources>,
    body: &FunctionBody<'_>,
) -> Option<Vec<u8>> {
    const UNREACHABLE: u8 = 0x00;
    const ELSE: u8 = 0x05;
    const END: u8 = 0x0b;
    let mut function = function.into_validator(Default::default());
    let mut reader = body.get_binary_reader();
    function.read_locals(&mut reader).ok()?;
    let mut valid = reader.original_position();
    let mut close = vec![UNREACHABLE, END];
    while function.control_stack_height() > 0 {
        let at = reader.original_position();
        let Ok(Ok(())) = reader.visit_operator(&mut function.visitor(at)) else {
            break;
        };
        valid = reader.original_position();
        // None are open after the last `end`.
        let open = 0..function.control_stack_height() as usize;
        let frames = open.filter_map(|depth| function.get_control_frame(depth));
        close = frames.fold(Vec::new(), |mut close, frame| {
            close.push(UNREACHABLE);
            // One without the other has to give what it takes.
            if frame.kind == FrameKind::If {
                close.extend([ELSE, UNREACHABLE]);
            }
            close.push(END);
            close
        });
    }
    let kept = &wasm[body.range().start as usize..valid as usize];
    Some([kept, &close].concat())
}
