;; bug: wasmer-wait-on-unshared-memory
;; memory.atomic.wait does not trap on memory that is not shared
;; specified: trap: ExpectedSharedMemory
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: success
;; diverges: wasmer: all 11
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4)
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 2793, on x86_64, linux, made plainer by hand
(module
  (memory 1)
  (func (export "f") (drop (memory.atomic.wait32 (i32.const 0) (i32.const 1) (i64.const 0)))))
(assert_trap (invoke "f") "expected shared memory")
