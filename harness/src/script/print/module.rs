//! A module as text, as short as it can be without changing a byte of its binary.

use wast::parser::ParseBuffer;

use super::sexp::{self, Kind, Node};
use crate::script::binary::without_custom_sections;

/// Lines are broken beyond this column.
const WIDTH: usize = 100;

/// The fields of a module: its text without the head.
pub(super) struct ModuleText {
    /// The list `(module field…)`.
    node: Node,
}

impl ModuleText {
    /// Writes `(module HEAD field…)`, the head being for example ` definition $a`.
    pub(super) fn write(&self, head: &str, indent: usize, out: &mut String) {
        let mut node = self.node.clone();
        if let (Kind::List(children), false) = (&mut node.kind, head.is_empty()) {
            children.insert(1, Node::atom(head));
        }
        node.lay_out(indent, WIDTH, out);
    }
}

/// The shortest text whose binary is `wasm`, byte for byte but for custom
/// sections; `None` if text cannot say it.
pub(super) fn text_of(wasm: &[u8]) -> Option<ModuleText> {
    let plain = without_custom_sections(wasm, |_| true)?;
    let printed = printed(&plain)?;
    let short = [(true, true), (true, false), (false, true), (false, false)];
    short.into_iter().find_map(|(types, exports)| {
        let node = shortened(&printed, types, exports);
        (encoded(&node)? == plain).then_some(ModuleText { node })
    })
}

/// The module as its shortest text says it: the same instructions, perhaps
/// with types in another order and integers encoded in fewer bytes. `None` if
/// text cannot say it.
pub fn canonical(wasm: &[u8]) -> Option<Vec<u8>> {
    let plain = without_custom_sections(wasm, |_| true)?;
    encoded(&shortened(&printed(&plain)?, true, true))
}

fn printed(wasm: &[u8]) -> Option<Node> {
    let mut text = String::new();
    wasmprinter::Config::new()
        .fold_instructions(true)
        .print(wasm, &mut wasmprinter::PrintFmtWrite(&mut text))
        .ok()?;
    sexp::read(&text)
}

fn encoded(module: &Node) -> Option<Vec<u8>> {
    let mut text = String::new();
    module.lay_out(0, WIDTH, &mut text);
    let buffer = ParseBuffer::new(&text).ok()?;
    let mut wat = wast::parser::parse::<wast::Wat<'_>>(&buffer).ok()?;
    without_custom_sections(&wat.encode().ok()?, |_| true)
}

/// The module with function types written where they are used, and exports
/// where the function, memory, table or global is defined.
fn shortened(module: &Node, types: bool, exports: bool) -> Node {
    let mut fields = match &module.kind {
        Kind::List(fields) => fields.clone(),
        Kind::Atom(_) => return module.clone(),
    };
    if types {
        inline_types(&mut fields);
    }
    if exports {
        inline_exports(&mut fields);
    }
    Node {
        starts_line: false,
        kind: Kind::List(fields),
    }
}

fn inline_types(fields: &mut Vec<Node>) {
    let is_type = |field: &Node| field.head() == Some("type");
    // Parameters and results of each type, from `(type (func …))`.
    let types: Vec<Vec<Node>> = fields
        .iter()
        .filter(|field| is_type(field))
        .map(|field| {
            let func = field.children().and_then(|children| children.get(1));
            let parts = func.and_then(Node::children).unwrap_or_default();
            parts.iter().skip(1).cloned().collect()
        })
        .collect();
    fields.retain(|field| !is_type(field));
    for field in fields {
        replace_uses(field, &types);
    }
}

fn replace_uses(node: &mut Node, types: &[Vec<Node>]) {
    let Kind::List(children) = &mut node.kind else {
        return;
    };
    let mut i = 0;
    while i < children.len() {
        match children[i].index("type").and_then(|index| types.get(index)) {
            Some(parts) => {
                // A function and a block repeat the type's parts behind its index.
                let has_part = |node: &Node| matches!(node.head(), Some("param" | "result"));
                let repeated = children[i + 1..].iter().take_while(|n| has_part(n)).count();
                children.splice(i..=i + repeated, parts.iter().cloned());
                i += parts.len();
            }
            None => {
                replace_uses(&mut children[i], types);
                i += 1;
            }
        }
    }
}

fn inline_exports(fields: &mut Vec<Node>) {
    for kind in ["func", "memory", "table", "global"] {
        let imported = |field: &Node| {
            field.head() == Some("import")
                && field.children().and_then(|c| c.last()).and_then(Node::head) == Some(kind)
        };
        let imports = fields.iter().filter(|field| imported(field)).count();
        let defined: Vec<usize> = (0..fields.len())
            .filter(|&i| fields[i].head() == Some(kind))
            .collect();
        let mut gone = Vec::new();
        let mut inserted = vec![1; defined.len()];
        for i in 0..fields.len() {
            let Some([word, name, target]) = fields[i].children() else {
                continue;
            };
            let target = (word.as_atom() == Some("export")).then(|| target.index(kind));
            let Some(Some(index)) = target else {
                continue;
            };
            let Some(which) = index.checked_sub(imports).filter(|&n| n < defined.len()) else {
                continue;
            };
            let export = Node::list(vec![Node::atom("export"), name.clone()]);
            if let Kind::List(children) = &mut fields[defined[which]].kind {
                children.insert(inserted[which], export);
                inserted[which] += 1;
                gone.push(i);
            }
        }
        for i in gone.into_iter().rev() {
            fields.remove(i);
        }
    }
}
