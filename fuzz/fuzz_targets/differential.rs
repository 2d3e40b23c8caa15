//! Scripts of every kind, on every engine linked in.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::Differential, bytes));
