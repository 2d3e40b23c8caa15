;; signature: panic_wasmi-eager_module_panic-internal-error-entered-unreachable-code
;; specified: success
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: panic: internal error: entered unreachable code
;; diverges: wasmi/eager 2.0.0, wasmi/eager+fuel 2.0.0, wasmi/eager+unchecked 2.0.0
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
;;   wasmtime/pulley 48.0.8, wasmtime/pulley+dynamic 48.0.8, wasmi/lazy-translation 2.0.0,
;;   wasmi/lazy 2.0.0, wasmi/lazy+unchecked 2.0.0
;; found: seed 77, case 426035, on x86_64, linux
(module definition $m0
  (memory i64 0)
  (func (param i64)
    (i64.store16 offset=65536 (local.tee 0 (i64.load16_u (i64.const 0))) (local.get 0))))
