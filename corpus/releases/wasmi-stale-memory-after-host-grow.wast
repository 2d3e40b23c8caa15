;; bug: wasmi-stale-memory-after-host-grow
;; a memory that a function of the host has grown keeps its old bound until its caller returns
(module $m0 (memory (export "mem") 1))
(register "m0" $m0)
(module $m1
  (import "m0" "mem" (memory 1))
  (import "host" "grow m0.mem" (func $grow (param i64) (result i64)))
  (func (export "f")
    (drop (call $grow (i64.const 1)))
    (i32.store (i32.const 65536) (i32.const 0))))
(assert_return (invoke $m1 "f"))
