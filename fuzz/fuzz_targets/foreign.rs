//! Modules of another generator's making.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::Foreign, bytes));
