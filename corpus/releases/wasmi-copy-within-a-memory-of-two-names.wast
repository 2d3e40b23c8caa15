;; bug: wasmi-copy-within-a-memory-of-two-names
;; memory.copy between two names under which a module imports one memory panics
(module $m0 (memory (export "m") 0))
(register "a" $m0)
(module $m1
  (import "a" "m" (memory 0))
  (import "a" "m" (memory 0))
  (func (export "f") (memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))))
(assert_return (invoke $m1 "f"))
