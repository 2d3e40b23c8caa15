//! Puts constants in the place of computed addresses.

use crate::script::sexp::Node;

/// What constant operands make of an instruction, where addresses are computed with it.
pub(super) fn folded(node: &Node) -> Option<Node> {
    let head = node.head()?;
    let operands: Vec<&Node> = node.children()?.iter().skip(1).collect();
    let wide = |node: &Node| constant(node, "i64.const");
    let narrow = |node: &Node| constant(node, "i32.const").map(|n| n as u32);
    let (ty, value) = match (head.split_once('.')?, &operands[..]) {
        (("i32", "wrap_i64"), [a]) => ("i32", u64::from(wide(a)? as u32)),
        (("i64", "extend_i32_u"), [a]) => ("i64", narrow(a)?.into()),
        (("i64", "extend_i32_s"), [a]) => ("i64", narrow(a)? as i32 as u64),
        (("i32", op), [a, b]) => {
            let (a, b) = (narrow(a)?, narrow(b)?);
            let value = match op {
                "add" => a.wrapping_add(b),
                "sub" => a.wrapping_sub(b),
                "mul" => a.wrapping_mul(b),
                "and" => a & b,
                "or" => a | b,
                "xor" => a ^ b,
                "shl" => a.wrapping_shl(b),
                "shr_u" => a.wrapping_shr(b),
                _ => return None,
            };
            ("i32", value.into())
        }
        (("i64", op), [a, b]) => {
            let (a, b) = (wide(a)?, wide(b)?);
            let value = match op {
                "add" => a.wrapping_add(b),
                "sub" => a.wrapping_sub(b),
                "mul" => a.wrapping_mul(b),
                "and" => a & b,
                "or" => a | b,
                "xor" => a ^ b,
                "shl" => a.wrapping_shl(b as u32),
                "shr_u" => a.wrapping_shr(b as u32),
                _ => return None,
            };
            ("i64", value)
        }
        _ => return None,
    };
    Some(const_of(ty, value))
}

fn constant(node: &Node, head: &str) -> Option<u64> {
    crate::reduce::numbers::parse(node.sole_argument(head)?)
}

fn const_of(ty: &str, value: u64) -> Node {
    Node::list(vec![
        Node::atom(&format!("{ty}.const")),
        Node::atom(&value.to_string()),
    ])
}

/// An access at a constant address, so many bytes later.
pub(super) fn later(access: &Node, bytes: u64) -> Option<Node> {
    let mut children = access.children()?.to_vec();
    let address = children.iter_mut().find(|c| c.children().is_some())?;
    let (ty, value) = match (
        constant(address, "i32.const"),
        constant(address, "i64.const"),
    ) {
        (Some(value), _) => ("i32", u64::from(value as u32) + bytes),
        (_, Some(value)) => ("i64", value.checked_add(bytes)?),
        _ => return None,
    };
    *address = const_of(ty, value);
    Some(Node::list(children))
}

/// An access with a computed address, at constant ones around the ends of the
/// module's memories, without its static offset.
pub(super) fn at_constant_addresses(tree: &Node, node: &Node) -> impl Iterator<Item = Node> {
    let head = node.head().unwrap_or_default();
    let children = node.children().unwrap_or_default();
    let is_access = [
        ".load",
        ".store",
        ".atomic.",
        "memory.fill",
        "memory.copy",
        "memory.init",
    ]
    .iter()
    .any(|part| head.contains(part));
    let first = children.iter().position(|child| child.children().is_some());
    let computed = first.filter(|&first| {
        let address = children[first].head().unwrap_or_default();
        is_access && !address.ends_with(".const")
    });
    let mut constants = Vec::new();
    for (ty, end, page) in memories(tree) {
        for end in [end, end.saturating_add(page)] {
            constants.extend([0, 1, 2, 4, 8, 16].map(|less| (ty, end.wrapping_sub(less))));
        }
        constants.extend([(ty, 0), (ty, 1 << 31), (ty, u32::MAX.into())]);
        if ty == "i64" {
            constants.extend([(ty, 1 << 32), (ty, 1 << 63), (ty, u64::MAX)]);
        }
    }
    constants.retain(|&(ty, n)| ty == "i64" || n <= u32::MAX.into());
    let children = children.to_vec();
    computed.into_iter().flat_map(move |address| {
        let children = children.clone();
        constants.clone().into_iter().map(move |(ty, value)| {
            let mut children = children.clone();
            children[address] = const_of(ty, value);
            children.retain(|c| !c.as_atom().is_some_and(|word| word.starts_with("offset=")));
            Node::list(children)
        })
    })
}

/// For each memory, imported ones too: address type, size and page size in bytes.
fn memories(tree: &Node) -> Vec<(&'static str, u64, u64)> {
    let described = tree
        .children()
        .unwrap_or_default()
        .iter()
        .filter_map(|field| match field.head() {
            Some("memory") => Some(field),
            Some("import") => field
                .children()?
                .last()
                .filter(|d| d.head() == Some("memory")),
            _ => None,
        });
    described
        .filter_map(|memory| {
            let children = memory.children()?;
            let mut words = children.iter().filter_map(Node::as_atom);
            let wide = words.clone().any(|word| word == "i64");
            let small = children
                .iter()
                .any(|child| child.head() == Some("pagesize"));
            let page = if small { 1 } else { 65_536 };
            let pages = words.find_map(crate::reduce::numbers::parse)?;
            Some((
                if wide { "i64" } else { "i32" },
                pages.saturating_mul(page),
                page,
            ))
        })
        .collect()
}
