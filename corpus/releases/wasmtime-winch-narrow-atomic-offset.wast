;; bug: wasmtime-winch-narrow-atomic-offset
;; compiling an atomic access of 8 or 16 bits with a static offset beyond 15 bits panics
(module
  (memory 2)
  (func (export "f") (param i32) (result i32)
    (i32.atomic.load16_u offset=65536 (local.get 0))))
(assert_return (invoke "f" (i32.const 0)) (i32.const 0))
