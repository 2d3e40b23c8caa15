;; signature: crash_wasmi_unexpected-out-of-bounds-linear-memory
;; SECURITY: this can break a sandbox. Report it to the engine's private security
;; contact, not in a public tracker.
;; specified: success
;;   Execution: memory.grow
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-memory-grow
;; got: its process died: killed by signal 6 (SIGABRT); it said: panicked at wasmi_core-2.0.0/src/memory/mod.rs:166:13:
;;   unexpected out of bounds linear memory maximum size: (max_pages = 281474976710656, bytes_per_page = 65536)
;;   panicked at library/core/src/panicking.rs:225:5:
;;   panic in a function that cannot unwind
;;   thread caused non-unwinding panic. aborting.
;; diverges: wasmi/eager 2.0.0, wasmi/lazy-translation 2.0.0, wasmi/eager+fuel 2.0.0,
;;   wasmi/eager+unchecked 2.0.0, wasmi/lazy 2.0.0, wasmi/lazy+unchecked 2.0.0
;; conforms: wasmtime/cranelift 48.0.8, wasmtime/cranelift+o0 48.0.8,
;;   wasmtime/cranelift+dynamic 48.0.8, wasmtime/cranelift+o0+dynamic 48.0.8,
;;   wasmtime/cranelift+small-guard 48.0.8, wasmtime/cranelift+moving 48.0.8,
;;   wasmtime/cranelift+fixed 48.0.8, wasmtime/cranelift+no-signals 48.0.8,
;;   wasmtime/cranelift+no-cow 48.0.8, wasmtime/cranelift+no-guard-before 48.0.8,
;;   wasmtime/cranelift+no-spectre 48.0.8, wasmtime/cranelift+pooling 48.0.8,
;;   wasmtime/cranelift+pooling+resident 48.0.8, wasmtime/cranelift+pooling+no-cow 48.0.8,
;;   wasmtime/cranelift+creator 48.0.8, wasmtime/cranelift+fuel 48.0.8,
;;   wasmtime/cranelift+epochs 48.0.8, wasmtime/cranelift+serialized 48.0.8, wasmtime/winch 48.0.8,
;;   wasmtime/winch+dynamic 48.0.8, wasmtime/winch+pooling 48.0.8, wasmtime/winch+fuel 48.0.8,
;;   wasmtime/pulley 48.0.8, wasmtime/pulley+dynamic 48.0.8
;; found: seed 1001, case 942, on x86_64, linux
(module (memory i64 0 281474976710656) (func (export "f") (drop (memory.grow (i64.const 1)))))
(assert_return (invoke "f"))
