//! Panics: an engine's are observations, ours must be told.

use std::cell::RefCell;

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keeps the words of a panic instead of printing them, and instead of
/// aborting, as libFuzzer's own hook does.
pub(super) fn keep() {
    std::panic::set_hook(Box::new(|panic| {
        let words = panic.to_string();
        // A thread that is ending has nobody left to tell.
        let _ = LAST.try_with(|last| last.replace(words));
    }));
}

/// The words of the last panic of this thread.
pub(super) fn last() -> String {
    LAST.with_borrow(|last| last.lines().collect::<Vec<_>>().join(" "))
}
