;; bug: wasmi-maximum-2-48-constant-address
;; an access at a constant address of a 64-bit memory whose maximum is 2^48 pages traps
(module
  (memory i64 1 281474976710656)
  (func (export "f") (i64.store (i64.const 8) (i64.const 42))))
(assert_return (invoke "f"))
