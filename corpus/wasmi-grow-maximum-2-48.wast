;; bug: wasmi-grow-maximum-2-48
;; growing a 64-bit memory whose maximum is 2^48 pages panics, and aborts the process
;; specified: success
;;   Execution: memory.grow
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow
;; got: its process died: killed by signal 6 (SIGABRT); it said: panicked at wasmi_core-2.0.0/src/memory/mod.rs:166:13:
;;   unexpected out of bounds linear memory maximum size: (max_pages = 281474976710656, bytes_per_page = 65536)
;;   panicked at library/core/src/panicking.rs:225:5:
;;   panic in a function that cannot unwind
;;   thread caused non-unwinding panic. aborting.
;; diverges: wasmi: all 6
;; conforms: wasmtime: all 24
;; versions: wasmtime 48.0.8, wasmi 2.0.0
;; found: seed 1001, case 942, on x86_64, linux
(module (memory i64 0 281474976710656) (func (export "f") (drop (memory.grow (i64.const 1)))))
(assert_return (invoke "f"))
