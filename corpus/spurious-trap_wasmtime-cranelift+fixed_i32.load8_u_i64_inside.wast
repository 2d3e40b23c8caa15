;; signature: spurious-trap_wasmtime-cranelift+fixed_i32.load8_u_i64_inside
;; specified: success
;;   Execution: load
;;   https://webassembly.github.io/spec/core/exec/instructions.html#exec-load
;; got: trap: OutOfBoundsMemory
;; diverges: wasmtime/cranelift+fixed 48.0.8
;; conforms: wasmtime/cranelift 48.0.8, wasmtime/cranelift+o0 48.0.8,
;;   wasmtime/cranelift+dynamic 48.0.8, wasmtime/cranelift+o0+dynamic 48.0.8,
;;   wasmtime/cranelift+small-guard 48.0.8, wasmtime/cranelift+moving 48.0.8,
;;   wasmtime/cranelift+no-signals 48.0.8, wasmtime/cranelift+no-cow 48.0.8,
;;   wasmtime/cranelift+no-guard-before 48.0.8, wasmtime/cranelift+no-spectre 48.0.8,
;;   wasmtime/cranelift+creator 48.0.8, wasmtime/cranelift+fuel 48.0.8,
;;   wasmtime/cranelift+epochs 48.0.8, wasmtime/cranelift+serialized 48.0.8, wasmtime/winch 48.0.8,
;;   wasmtime/winch+dynamic 48.0.8, wasmtime/winch+fuel 48.0.8, wasmtime/pulley 48.0.8,
;;   wasmtime/pulley+dynamic 48.0.8
;; found: seed 2026, case 1238, on x86_64, linux
(module $m0 (memory (export "mem1") i64 131072))
(register "m0" $m0)
(module $m1
  (import "m0" "mem1" (memory i64 0))
  (func (export "f3") (drop (i32.load8_u (i64.const 4294967296)))))
(assert_return (invoke $m1 "f3"))
