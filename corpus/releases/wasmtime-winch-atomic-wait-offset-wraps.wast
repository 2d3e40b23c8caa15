;; bug: wasmtime-winch-atomic-wait-offset-wraps
;; the static offset of a notify or a wait wraps around, and it does not trap
(module
  (memory i64 1)
  (func (export "f") (param i64) (result i32)
    (memory.atomic.notify offset=8 (local.get 0) (i32.const 0))))
(assert_trap (invoke "f" (i64.const -8)) "out of bounds memory access")
