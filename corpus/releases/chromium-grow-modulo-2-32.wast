;; bug: chromium-grow-modulo-2-32
;; the API's grow of a 64-bit memory takes the number of pages modulo 2^32
;; specified: i64:0xffffffffffffffff
;;   Execution: instructions
;;   https://webassembly.github.io/spec/core/exec/instructions.html
;; got: i64:0x0
;; diverges: chromium@148.0.7778-167: all 6
;; conforms: wasmtime: all 24, wasmi: all 6, firefox@140.10.2: all 5
;; versions: wasmtime 48.0.8, wasmer 7.3.0, wasmi 2.0.0, chromium 148.0.7778-167, firefox 140.10.2
;; found: seed 5 for engines without custom-page-sizes, case 32, on x86_64, linux
(module (memory (export "mem2") i64 0))
(register "m0")
(assert_return (invoke $host "grow m0.mem2" (i64.const 0x100000000)) (i64.const -1))
