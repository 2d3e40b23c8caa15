;; bug: wasmer-singlepass-atomic-address-from-block
;; an atomic read-modify-write whose address comes out of a block touches another place
;; specified: success
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: trap: OutOfBoundsMemory
;; diverges: wasmer/singlepass (all 5)
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4), wasmer/cranelift (all 6)
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 5238, on x86_64, linux
(module
  (memory 1)
  (func (export "f") (param i64)
    (drop
      (i32.atomic.rmw.cmpxchg
        (if (result i32) (i32.const 0) (then (i32.const 0)) (else (i32.const 0)))
        (i32.const 0)
        (i32.const 0)))))
(assert_return (invoke "f" (i64.const 0)))
