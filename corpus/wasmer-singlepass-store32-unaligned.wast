;; bug: wasmer-singlepass-store32-unaligned
;; an unaligned i64.atomic.store32 does not trap
;; specified: trap: UnalignedAtomic
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: success
;; diverges: wasmer/singlepass (all 5)
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4), wasmer/cranelift (all 6)
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 644, on x86_64, linux
(module (memory 1) (func (export "f") (i64.atomic.store32 (i32.const 2) (i64.const 0))))
(assert_trap (invoke "f") "unaligned atomic")
