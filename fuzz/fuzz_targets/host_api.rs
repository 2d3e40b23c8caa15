//! What the embedder does to memories, between calls and within them.
#![no_main]

use trapline_harness::fuzzing::{Target, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| run(Target::HostApi, bytes));
