//! How a session ends when it has to: so that whoever collects crashes can
//! tell them apart.
//!
//! ClusterFuzz names a crash by the words of a Rust panic, in the form in which
//! they were printed until Rust 1.73, or else by the top frames of the stack.
//! Both say what diverged: the words are the id of the bug, and the top frame of
//! ours is a function of the class.

use crate::judge::Class;

/// Ends the process with one line.
pub(super) fn fail(why: &str) -> ! {
    eprintln!("error: {why}");
    std::process::abort()
}

/// Ends the process at a new bug, with its id.
pub(super) fn at(class: Class, bug: &str) -> ! {
    eprintln!("error: new bug: {bug}");
    through(class)(bug)
}

/// A function for each class that prints and aborts. Each says its class in
/// its own words, or the compiler would make one function of them all.
macro_rules! ends {
    ($( $class:ident $function:ident, )*) => {
        fn through(class: Class) -> fn(&str) -> ! {
            match class { $( Class::$class => $function, )* }
        }
        $(
            #[inline(never)]
            fn $function(bug: &str) -> ! {
                eprintln!(concat!(
                    "thread 'main' panicked at '{}', ",
                    stringify!($function),
                ), bug);
                std::process::abort()
            }
        )*
    };
}

ends! {
    Crash crash,
    MissingTrap missing_trap,
    StaleData stale_data,
    MemoryContents memory_contents,
    MemorySize memory_size,
    Value value,
    GrowResult grow_result,
    EmbedderApi embedder_api,
    Hang hang,
    OutOfMemory out_of_memory,
    Panic panic,
    SpuriousTrap spurious_trap,
    AcceptsInvalid accepts_invalid,
    RejectsValid rejects_valid,
    Link link,
    Nondeterministic nondeterministic,
    TrapKind trap_kind,
}
