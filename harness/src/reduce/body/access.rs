//! Plainer accesses of the same bytes, or of fewer: one fault in a bounds check
//! shows in many instructions, and should come down to one.

use super::address::later;
use crate::script::sexp::Node;

/// The plainest load of so many bytes.
const LOADS: [(u64, &str); 5] = [
    (1, "i32.load8_u"),
    (2, "i32.load16_u"),
    (4, "i32.load"),
    (8, "i64.load"),
    (16, "v128.load"),
];

/// Plain loads that may stand in the place of an access: of its first bytes,
/// of its last ones, and of all of them. A load of another type fits only where
/// the value is dropped; what a store stores is.
pub(super) fn plainer(node: &Node) -> Vec<Node> {
    let Some((width, stores)) = node.head().and_then(access) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (narrow, load) in LOADS {
        if narrow > width || Some(load) == node.head() {
            break;
        }
        let first = loads(node, load);
        let last = first.as_ref().and_then(|node| later(node, width - narrow));
        let both = first.into_iter().chain(last.filter(|_| narrow < width));
        out.extend(both.map(|load| match stores {
            true => super::line(vec![Node::atom("drop"), load]),
            false => load,
        }));
    }
    out
}

/// How many bytes an access is of, and whether it gives no value; `None` for
/// accesses to lanes, and for other instructions.
fn access(head: &str) -> Option<(u64, bool)> {
    let (ty, rest) = head.split_once('.')?;
    let bits = match ty {
        "i32" | "f32" => 32,
        "i64" | "f64" => 64,
        "v128" => 128,
        _ => return None,
    };
    let rest = rest.strip_prefix("atomic.").unwrap_or(rest);
    let mut kinds = ["load", "store", "rmw"].into_iter();
    let size = kinds.find_map(|kind| rest.strip_prefix(kind))?;
    if ty == "v128" && !size.is_empty() {
        return None;
    }
    let digits = size.find(|c: char| !c.is_ascii_digit());
    let named = size[..digits.unwrap_or(size.len())].parse();
    Some((named.unwrap_or(bits) / 8, rest.starts_with("store")))
}

/// A load named `head` from the address of an access, aligned as it comes.
fn loads(node: &Node, head: &str) -> Option<Node> {
    let children = node.children()?;
    let address = children.iter().position(|c| c.children().is_some())?;
    let is_alignment = |child: &Node| child.as_atom().is_some_and(|a| a.starts_with("align="));
    let mut load = children[..=address].to_vec();
    load[0] = Node::atom(head);
    load.retain(|child| !is_alignment(child));
    Some(Node::list(load))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::sexp::read;

    #[test]
    fn plainer_accesses_reach_the_same_bytes() {
        for (access, plain) in [
            (
                "(i64.store32 $m align=1 (i32.const 65532) (i64.const 1))",
                &[
                    "(drop (i32.load8_u $m (i32.const 65532)))",
                    "(drop (i32.load8_u $m (i32.const 65535)))",
                    "(drop (i32.load16_u $m (i32.const 65532)))",
                    "(drop (i32.load16_u $m (i32.const 65534)))",
                    "(drop (i32.load $m (i32.const 65532)))",
                ][..],
            ),
            (
                "(f32.load $m offset=8 (local.get $i))",
                &[
                    "(i32.load8_u $m offset=8 (local.get $i))",
                    "(i32.load16_u $m offset=8 (local.get $i))",
                    "(i32.load $m offset=8 (local.get $i))",
                ],
            ),
            (
                "(i64.atomic.rmw8.add_u $m (i64.const 7) (i64.const 1))",
                &["(i32.load8_u $m (i64.const 7))"],
            ),
            ("(i32.load8_u $m (i32.const 0))", &[]),
            ("(v128.load8_lane $m 1 (i32.const 0) (local.get 0))", &[]),
            ("(memory.size $m)", &[]),
            ("(i32.add (i32.const 0) (i32.const 1))", &[]),
        ] {
            let node = read(access).expect("it reads");
            let texts: Vec<String> = plainer(&node).iter().map(Node::to_text).collect();
            assert_eq!(texts, plain, "{access}");
        }
    }
}
