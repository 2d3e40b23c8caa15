//! Several threads over one shared memory.
#![no_main]

trapline_fuzz::target!(Threads);
