;; signature: panic_wasmi_unexpected-out-of-bounds-linear-memory
;; specified: i64:0x0
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: panic: unexpected out of bounds linear memory maximum size: (max_pages = 281474976710656, bytes_per_page = 65536)
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
;; found: seed 1001, case 326, on x86_64, linux
(module (memory (export "mem0") i64 0 281474976710656))
(register "m0")
(assert_return (invoke $host "grow m0.mem0" (i64.const 1)) (i64.const 0))
