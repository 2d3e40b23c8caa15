//! Makes a difference in a memory plain: a load that gives another value.

use super::case::Case;
use crate::script::sexp::{Kind, Node};
use crate::script::{Script, Step};

/// `script` with a function added to the module of `instance` that loads the
/// byte at `address` of the memory exported as `memory`, and a call of it at
/// the end. `None` if the module cannot be given one: it is not there, its
/// memory is not its own, or it is binary that text cannot say.
pub fn with_load(script: &Script, instance: &str, memory: &str, address: u64) -> Option<Script> {
    let module = script.steps.iter().rev().find_map(|step| match step {
        Step::Instantiate {
            instance: name,
            module,
        } if name == instance => Some(module),
        _ => None,
    })?;
    let define = script
        .steps
        .iter()
        .rposition(|step| matches!(step, Step::Define { module: name, .. } if name == module))?;
    let mut case = Case::new(script);
    let mut tree = Node::clone(case.tree(define)?);
    let Kind::List(fields) = &mut tree.kind else {
        return None;
    };
    let export = format!("\"{memory}\"");
    let described = fields.iter().find(|field| {
        let children = field.children().unwrap_or_default();
        let exports = |child: &Node| child.sole_argument("export") == Some(&export);
        field.head() == Some("memory") && children.iter().any(exports)
    })?;
    let is_i64 = |child: &Node| child.as_atom() == Some("i64");
    let wide = described.children()?.iter().any(is_i64);
    let constant = if wide { "i64.const" } else { "i32.const" };
    let func = (0..).map(|n| match n {
        0 => "load".to_owned(),
        n => format!("load{n}"),
    });
    let text = fields.iter().map(Node::to_text).collect::<String>();
    let func = func
        .into_iter()
        .find(|name| !text.contains(&format!("(export \"{name}\"")))?;
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| Node::atom(word))
            .collect::<Vec<_>>()
    };
    let address = Node::list(words(&[constant, &address.to_string()]));
    let mut load = words(&["i32.load8_u", described.name()?]);
    load.push(address);
    let mut field = words(&["func"]);
    field.push(Node::list(words(&["export", &format!("\"{func}\"")])));
    field.push(Node::list(words(&["result", "i32"])));
    field.push(Node {
        starts_line: true,
        ..Node::list(load)
    });
    fields.push(Node {
        starts_line: true,
        ..Node::list(field)
    });
    if !case.set_tree(define, tree) {
        return None;
    }
    let mut script = case.script();
    if let Step::Define { wasm, .. } = &mut script.steps[define] {
        *wasm = crate::script::print::canonical(wasm)?;
    }
    script.steps.push(Step::Invoke {
        instance: instance.to_owned(),
        func,
        args: Vec::new(),
    });
    Some(script)
}
