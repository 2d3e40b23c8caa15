//! Operators by name: what `wasmparser` tells of every one of them.

use wasmparser::Operator;

/// The name of an instruction, as in `i32_load8_s`, and of the proposal that it
/// came with, as in `mvp`.
pub(crate) fn name(op: &Operator<'_>) -> (&'static str, &'static str) {
    macro_rules! name {
        ($( @$proposal:ident $op:ident $({ $($payload:tt)* })? => $visit:ident ($($ann:tt)*) )*) => {
            match op {
                $( Operator::$op { .. } => (stringify!($visit), stringify!($proposal)), )*
                _ => ("", ""),
            }
        };
    }
    let (visit, proposal) = wasmparser::for_each_operator!(name);
    (visit.strip_prefix("visit_").unwrap_or(visit), proposal)
}

/// The name of a memory instruction in the text format: `i32.load8_s`,
/// `i64.atomic.rmw8.add_u`. Names of other instructions may have underscores
/// where the text format has dots.
pub(crate) fn text_name(op: &Operator<'_>) -> String {
    let (name, _) = name(op);
    let mut text = name.replacen('_', ".", 1);
    for word in ["atomic", "rmw", "rmw8", "rmw16", "rmw32"] {
        text = text.replace(&format!(".{word}_"), &format!(".{word}."));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_have_names() {
        let fence = Operator::AtomicFence {
            ordering: wasmparser::Ordering::SeqCst,
        };
        assert_eq!(name(&fence), ("atomic_fence", "threads"));
        assert_eq!(name(&Operator::I32Add), ("i32_add", "mvp"));
        assert_eq!(text_name(&Operator::MemoryGrow { mem: 0 }), "memory.grow");
    }
}
