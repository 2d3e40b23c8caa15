//! Accesses around and beyond the end.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::OutOfBounds, bytes));
