;; signature: missing-trap_wasmer-singlepass+dynamic_i32.load_i32_beyond
;; SECURITY: this can break a sandbox. Report it to the engine's private security
;; contact, not in a public tracker.
;; specified: trap: OutOfBoundsMemory
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: success
;; diverges: wasmer/singlepass+dynamic 7.3.0
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
;;   wasmtime/pulley 48.0.8, wasmtime/pulley+dynamic 48.0.8, wasmer/cranelift 7.3.0,
;;   wasmer/cranelift+o0 7.3.0, wasmer/cranelift+dynamic 7.3.0, wasmer/cranelift+no-guard 7.3.0,
;;   wasmer/cranelift+metered 7.3.0, wasmer/cranelift+serialized 7.3.0, wasmer/singlepass 7.3.0,
;;   wasmer/singlepass+no-guard 7.3.0, wasmer/singlepass+metered 7.3.0,
;;   wasmer/singlepass+serialized 7.3.0, wasmi/eager 2.0.0, wasmi/lazy-translation 2.0.0,
;;   wasmi/eager+fuel 2.0.0, wasmi/eager+unchecked 2.0.0, wasmi/lazy 2.0.0,
;;   wasmi/lazy+unchecked 2.0.0
;; found: dynamic-memory-of-no-pages.wast, case 0, on x86_64, linux
(module (memory 0) (func (export "f") (drop (i32.load (i32.const 65536)))))
(assert_trap (invoke "f") "out of bounds memory access")
