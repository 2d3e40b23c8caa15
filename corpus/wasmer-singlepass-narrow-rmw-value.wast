;; bug: wasmer-singlepass-narrow-rmw-value
;; a narrow atomic read-modify-write with a constant operand gives bits beyond its width
;; specified: i32:0x0
;;   Threads: atomic memory instructions
;;   https://webassembly.github.io/threads/core/exec/instructions.html#atomic-memory-instructions
;; got: i32:0x10000
;; diverges: wasmer/singlepass (all 5)
;; conforms: wasmtime/cranelift (all 18), wasmtime/winch (all 4), wasmer/cranelift (all 6)
;; versions: wasmtime 48.0.8, wasmer 7.3.0
;; found: seed 1001, case 1229, on x86_64, linux
(module
  (memory 1)
  (func (export "f") (result i32) (i32.atomic.rmw16.add_u (i32.const 0) (i32.const 65536))))
(assert_return (invoke "f") (i32.const 0))
