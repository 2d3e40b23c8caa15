;; bug: wasmi-store16-of-its-own-address
;; translating a 64-bit i64.store16 with an offset beyond 16 bits, of the value that is its address, panics
;; specified: success
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: panic: internal error: entered unreachable code
;; diverges: wasmi/eager (all 3)
;; conforms: wasmtime: all 24, wasmi/lazy-translation, wasmi/lazy (all 2)
;; versions: wasmtime 48.0.8, wasmi 2.0.0
;; found: seed 77, case 426035, on x86_64, linux
(module definition $m0
  (memory i64 0)
  (func (param i64)
    (i64.store16 offset=65536 (local.tee 0 (i64.load16_u (i64.const 0))) (local.get 0))))
