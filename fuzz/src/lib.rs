//! What all targets have in common.

/// The program of a target: what it runs, and how its inputs are mutated.
#[macro_export]
macro_rules! target {
    ($target:ident) => {
        libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
            trapline_harness::fuzzing::run(trapline_harness::fuzzing::Target::$target, bytes)
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
            let theirs = libfuzzer_sys::fuzzer_mutate;
            let target = trapline_harness::fuzzing::Target::$target;
            trapline_harness::fuzzing::mutate(target, data, size, max, seed, theirs)
        });

        libfuzzer_sys::fuzz_crossover!(|a: &[u8], b: &[u8], out: &mut [u8], seed: u32| {
            let target = trapline_harness::fuzzing::Target::$target;
            trapline_harness::fuzzing::cross(target, a, b, out, seed)
        });
    };
}
