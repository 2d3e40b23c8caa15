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
    }
}
