//! The reference alone, against a plain array of bytes.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::Reference, bytes));
