;; bug: wasmi-v128-load-result
;; a v128.load8x8_u that is stored at once loses its value
(module
  (memory 1)
  (data (i32.const 0) "*")
  (func (export "f") (result i32)
    (v128.store (i32.const 32) (v128.load8x8_u (i32.const 0)))
    (i32x4.extract_lane 0 (v128.load8_lane 0 (i32.const 32) (v128.const i64x2 0 0)))))
(assert_return (invoke "f") (i32.const 42))
