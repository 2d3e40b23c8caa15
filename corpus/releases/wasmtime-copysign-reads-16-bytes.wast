;; bug: wasmtime-copysign-reads-16-bytes
;; f64.copysign of a loaded value reads 16 bytes instead of 8, beyond the end of a memory
;; specified: i64:0x0
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: trap: OutOfBoundsMemory
;; diverges: wasmtime@36.0.4/cranelift+o0
;; got: its process died: killed by signal 6 (SIGABRT)
;; diverges: wasmtime@36.0.4/cranelift+o0+dynamic
;; conforms: all other 63
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, wasmtime 36.0.4
;; found: seed 1 for engines without externref, case 354, on x86_64, linux
(module
  (memory 1)
  (func (export "f") (result i64)
    (i64.reinterpret_f64 (f64.copysign (f64.load (i32.const 65528)) (f64.const 0x0p+0)))))
(assert_return (invoke "f") (i64.const 0))
