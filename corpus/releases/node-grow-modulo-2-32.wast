;; bug: node-grow-modulo-2-32
;; the API's grow of a 64-bit memory takes the number of pages modulo 2^32
;; specified: i64:0xffffffffffffffff
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: i64:0x0
;; diverges: node@26.10.0: all 6
;; conforms: wasmtime: all 24, wasmi: all 6
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, node 26.10.0
;; found: seed 11 for engines without custom-page-sizes, case 55, on x86_64, linux
(module (memory (export "mem0") i64 0))
(register "m0")
(assert_return (invoke $host "grow m0.mem0" (i64.const 0x100000000)) (i64.const -1))
