//! A module as a tree: its text as s-expressions, to be shortened, edited and encoded again.

use wast::parser::ParseBuffer;

use super::binary::without_custom_sections;
use super::sexp::{self, Kind, Node};

/// The module as wasmprinter says it, but for custom sections: names that a compiler
/// gives need not be of the kind that trees are made of. With `named`, everything has
/// a name, so that parts can be taken out without renumbering the rest. `None` if it
/// cannot be said.
pub(crate) fn printed(wasm: &[u8], named: bool) -> Option<Node> {
    let wasm = &without_custom_sections(wasm, |_| true)?;
    let mut text = String::new();
    wasmprinter::Config::new()
        .fold_instructions(true)
        .name_unnamed(named)
        .print(wasm, &mut wasmprinter::PrintFmtWrite(&mut text))
        .ok()?;
    sexp::read(&text)
}

/// The binary that the tree says, without custom sections; `None` if it is no module.
pub(crate) fn encoded(module: &Node) -> Option<Vec<u8>> {
    let text = module.to_text();
    let buffer = ParseBuffer::new(&text).ok()?;
    let mut wat = wast::parser::parse::<wast::Wat<'_>>(&buffer).ok()?;
    without_custom_sections(&wat.encode().ok()?, |_| true)
}

/// The parameters and results of one function type, and its name if it has one.
struct Type {
    name: Option<String>,
    parts: Vec<Node>,
}

/// Writes function types where they are used, instead of apart.
pub(crate) fn inline_types(fields: &mut Vec<Node>) {
    let is_type = |field: &Node| field.head() == Some("type");
    let types: Vec<Type> = fields
        .iter()
        .filter(|field| is_type(field))
        .map(|field| {
            let children = field.children().unwrap_or_default();
            let func = children.last().and_then(Node::children);
            Type {
                name: children.get(1).and_then(Node::as_atom).map(str::to_owned),
                parts: func.unwrap_or_default().iter().skip(1).cloned().collect(),
            }
        })
        .collect();
    fields.retain(|field| !is_type(field));
    for field in fields {
        replace_uses(field, &types);
    }
}

fn replace_uses(node: &mut Node, types: &[Type]) {
    let Kind::List(children) = &mut node.kind else {
        return;
    };
    let mut i = 0;
    while i < children.len() {
        match used_type(&children[i], types) {
            Some(ty) => {
                // A function or a block repeats the type's parts behind its index.
                let is_part = |node: &Node| matches!(node.head(), Some("param" | "result"));
                let repeated = children[i + 1..].iter().take_while(|n| is_part(n)).count();
                if repeated == 0 {
                    children.splice(i..=i, ty.parts.iter().cloned());
                    i += ty.parts.len();
                } else {
                    children.remove(i);
                    i += repeated;
                }
            }
            None => {
                replace_uses(&mut children[i], types);
                i += 1;
            }
        }
    }
}

fn used_type<'a>(node: &Node, types: &'a [Type]) -> Option<&'a Type> {
    let target = node.sole_argument("type")?;
    match target.parse::<usize>() {
        Ok(index) => types.get(index),
        Err(_) => types.iter().find(|ty| ty.name.as_deref() == Some(target)),
    }
}

/// Writes exports where the function, memory, table or global is defined,
/// instead of apart. Exports of what is imported stay.
pub(crate) fn inline_exports(fields: &mut Vec<Node>) {
    for kind in ["func", "memory", "table", "global"] {
        let imports = fields
            .iter()
            .filter(|field| field.head() == Some("import"))
            .filter_map(|field| field.children()?.last()?.head())
            .filter(|&head| head == kind)
            .count();
        let defined: Vec<usize> = (0..fields.len())
            .filter(|&i| fields[i].head() == Some(kind))
            .collect();
        let mut gone = Vec::new();
        let mut inserted = vec![0; defined.len()];
        for i in 0..fields.len() {
            let Some([word, name, target]) = fields[i].children() else {
                continue;
            };
            let target = target.sole_argument(kind);
            let (Some("export"), Some(target)) = (word.as_atom(), target) else {
                continue;
            };
            let which = match target.parse::<usize>() {
                Ok(index) => index.checked_sub(imports),
                Err(_) => defined
                    .iter()
                    .position(|&d| fields[d].name() == Some(target)),
            };
            let Some(which) = which.filter(|&which| which < defined.len()) else {
                continue;
            };
            let export = Node::list(vec![Node::atom("export"), name.clone()]);
            let field = &mut fields[defined[which]];
            let at = 1 + usize::from(field.name().is_some()) + inserted[which];
            if let Kind::List(children) = &mut field.kind {
                children.insert(at, export);
                inserted[which] += 1;
                gone.push(i);
            }
        }
        for i in gone.into_iter().rev() {
            fields.remove(i);
        }
    }
}
