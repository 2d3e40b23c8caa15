//! Memories that grow, by every way they can.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::GrowLimits, bytes));
