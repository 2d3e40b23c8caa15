//! Leaves out fields of modules, and makes what stays plainer.

use super::Run;
use super::case::{Case, lists, node_at};
use super::data;
use crate::script::sexp::{Kind, Node};

/// Leaves out functions, exports, memories, segments, …
pub(super) fn drop_fields(run: &mut Run<'_>) {
    for step in run.case.modules() {
        run.drop_runs(
            |case| fields(case, step).saturating_sub(1),
            |case, range| {
                case.edit(step, &[], |fields| {
                    fields.drain(range.start + 1..range.end + 1);
                })
            },
        );
    }
}

/// How many functions a module has of which bodies are left out first: fewer are
/// left out one by one.
const MANY: usize = 16;

/// Leaves out the bodies of functions of a large module: most are never called, but
/// call each other, so that none can be left out before the others.
pub(super) fn empty_functions(run: &mut Run<'_>) {
    for step in run.case.modules() {
        if with_body(&run.case, step).len() <= MANY {
            continue;
        }
        run.drop_runs(
            |case| with_body(case, step).len(),
            |case, range| {
                let functions = with_body(case, step);
                case.edit(step, &[], |fields| {
                    for &at in functions.get(range).unwrap_or_default() {
                        empty(&mut fields[at]);
                    }
                })
            },
        );
    }
}

/// Where the functions stand that do something.
fn with_body(case: &Case, step: usize) -> Vec<usize> {
    let fields = case.tree(step).and_then(|tree| tree.children());
    let fields = fields.unwrap_or_default().iter().enumerate();
    let functions = fields.filter(|(_, field)| field.head() == Some("func"));
    let does = functions.filter(|(_, func)| {
        let parts = func.children().unwrap_or_default();
        let mut body = parts.iter().filter(|part| !is_signature(part));
        body.next()
            .is_some_and(|first| first.as_atom() != Some("unreachable"))
    });
    does.map(|(at, _)| at).collect()
}

/// Whether a part of a function says what it is, and not what it does.
fn is_signature(part: &Node) -> bool {
    let says = ["export", "import", "type", "param", "result"];
    match part.as_atom() {
        Some(atom) => atom == "func" || atom.starts_with('$'),
        None => part.head().is_some_and(|head| says.contains(&head)),
    }
}

/// A function that traps at once.
fn empty(func: &mut Node) {
    if let Kind::List(parts) = &mut func.kind {
        parts.retain(is_signature);
        parts.push(Node::atom("unreachable"));
    }
}

fn fields(case: &Case, step: usize) -> usize {
    let children = case.tree(step).and_then(|tree| tree.children());
    children.map_or(0, <[Node]>::len)
}

/// Makes imports own, flags default, types narrow, segments empty.
pub(super) fn simplify_fields(run: &mut Run<'_>) {
    for step in run.case.modules() {
        for i in (1..fields(&run.case, step)).rev() {
            let candidate = own_instead_of_imported(&run.case, step, i);
            run.attempt(candidate);
        }
        parts(run, step);
        narrow_memories(run, step);
        data::shorten(run, step);
    }
}

/// An imported memory, table or global, defined in place.
fn own_instead_of_imported(case: &Case, step: usize, field: usize) -> Option<Case> {
    let tree = case.tree(step)?;
    let import = node_at(tree, &[field])?;
    let (Some("import"), Some(described)) = (import.head(), import.children()?.last()) else {
        return None;
    };
    let mut own = described.clone();
    match own.head()? {
        "memory" | "table" => {}
        "global" => {
            let ty = own.children()?.last()?.clone();
            let ty = ty
                .as_atom()
                .or_else(|| ty.children()?.last()?.as_atom())?
                .to_owned();
            let zero = super::body::zero(&ty)?;
            if let Kind::List(children) = &mut own.kind {
                children.push(zero);
            }
        }
        _ => return None,
    }
    let last_import = tree
        .children()?
        .iter()
        .rposition(|node| node.head() == Some("import"))?;
    case.edit(step, &[], |fields| {
        fields.insert(last_import + 1, own);
        fields.remove(field);
    })
}

/// Leaves out single parts of fields: `shared`, a maximum, a page size, an
/// export, a type.
fn parts(run: &mut Run<'_>, step: usize) {
    let mut at = 0;
    while let Some(path) = field_lists(&run.case, step).into_iter().nth(at) {
        let count = node_at(run.case.tree(step).expect("it is edited"), &path)
            .and_then(Node::children)
            .map_or(0, <[Node]>::len);
        for part in (1..count).rev() {
            let candidate = run.case.edit(step, &path, |parts| {
                parts.remove(part);
            });
            run.attempt(candidate);
        }
        at += 1;
    }
}

/// The lists that make up all fields but functions.
fn field_lists(case: &Case, step: usize) -> Vec<Vec<usize>> {
    let Some(tree) = case.tree(step) else {
        return Vec::new();
    };
    let mut paths = lists(tree);
    paths.retain(|path| {
        let field = path.first().and_then(|&i| node_at(tree, &[i]));
        field.is_some_and(|field| field.head() != Some("func"))
    });
    paths
}

/// Gives memories 32-bit addresses, with all accesses to match.
fn narrow_memories(run: &mut Run<'_>, step: usize) {
    let tree = run.case.tree(step).expect("it is edited");
    let wide = |node: &&Node| {
        let is_i64 = |child: &Node| child.as_atom() == Some("i64");
        node.head() == Some("memory") && node.children().is_some_and(|c| c.iter().any(is_i64))
    };
    if tree
        .children()
        .is_some_and(|fields| fields.iter().any(|f| wide(&f)))
    {
        let mut narrow = Node::clone(tree);
        narrow_addresses(&mut narrow);
        let candidate = run.case.with_tree(step, narrow);
        run.attempt(candidate);
    }
}

fn narrow_addresses(node: &mut Node) {
    let head = node.head().unwrap_or_default().to_owned();
    let Kind::List(children) = &mut node.kind else {
        return;
    };
    children.iter_mut().for_each(narrow_addresses);
    let access = head.contains(".load") || head.contains(".store") || head.contains(".atomic.");
    if head == "memory" {
        children.retain(|child| child.as_atom() != Some("i64"));
    } else if access || head == "data" || head == "memory.grow" {
        narrow_operands(children, 1);
    } else if matches!(head.as_str(), "memory.fill" | "memory.copy" | "memory.init") {
        narrow_operands(children, 3);
    }
    if matches!(head.as_str(), "memory.grow" | "memory.size") {
        let narrow = std::mem::replace(node, Node::list(vec![Node::atom("i64.extend_i32_u")]));
        if let Kind::List(children) = &mut node.kind {
            children.push(narrow);
        }
    }
}

/// Narrows the first `count` operands.
fn narrow_operands(children: &mut [Node], count: usize) {
    let operands = children
        .iter_mut()
        .filter(|child| child.children().is_some() && child.head() != Some("memory"));
    for operand in operands.take(count) {
        let value = operand.sole_argument("i64.const").map(str::to_owned);
        *operand = match value {
            Some(value) => Node::list(vec![Node::atom("i32.const"), Node::atom(&value)]),
            None if operand.head() == Some("i64.extend_i32_u") => {
                let inner = operand.children().and_then(|c| c.last());
                inner.expect("it has an operand").clone()
            }
            None if operand.head().is_some_and(|head| head.starts_with("i32.")) => operand.clone(),
            None => Node::list(vec![Node::atom("i32.wrap_i64"), operand.clone()]),
        };
    }
}
