//! A module as text, as short as it can be without changing a byte of its binary.

use crate::script::binary::without_custom_sections;
use crate::script::sexp::{Kind, Node};
use crate::script::tree::{encoded, inline_exports, inline_types, printed};

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
    let printed = printed(&plain, false)?;
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
    encoded(&shortened(&printed(&plain, false)?, true, true))
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
