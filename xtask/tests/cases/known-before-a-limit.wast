(module $m0 (global (export "at") i32 (i32.const -2147483648)))
(register "m0" $m0)
(module $m1
  (import "m0" "at" (global i32))
  (memory 32768)
  (start 0)
  (func (drop (memory.grow (i32.const 0))))
  (data (global.get 0) ""))
