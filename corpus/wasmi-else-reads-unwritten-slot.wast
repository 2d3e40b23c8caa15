;; bug: wasmi-else-reads-unwritten-slot
;; behind a block or an if with parameters a slot of the stack is read that nobody wrote: host memory shows
;; specified: i64:0x5
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: i64:0x55fcd5743920, another one each time
;; diverges: wasmi: all 6
;; conforms: all other 35
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0
;; found: seed 515 with --focus foreign, case 229585, on x86_64, linux, made plainer by hand
(module
  (func (export "f") (param i64 i32) (result i64)
    (local.get 0)
    (i32.const 7)
    (if (param i32) (local.get 1) (then (drop) (loop)) (else (drop)))))
(assert_return (invoke "f" (i64.const 5) (i32.const 0)) (i64.const 5))
