;; Every byte of a new memory, and of what it grows by, is 0: also where an instance
;; before it left all its bytes set.
(module definition $module
  (memory 2 8)
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 0xff) (i32.mul (memory.size) (i32.const 65536))))
  ;; How many of the doublewords from here to the end are not 0.
  (func (export "dirty") (param $at i32) (result i32)
    (local $count i32)
    (loop $next
      (local.set $count (i32.add (local.get $count) (i64.ne (i64.load (local.get $at)) (i64.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.mul (memory.size) (i32.const 65536)))))
    (local.get $count)))
(module instance $first $module)
(assert_return (invoke $first "dirty" (i32.const 0)) (i32.const 0))
(invoke $first "fill")
(assert_return (invoke $first "dirty" (i32.const 0)) (i32.const 16384))
(assert_return (invoke $first "grow" (i32.const 3)) (i32.const 2))
(assert_return (invoke $first "dirty" (i32.const 131072)) (i32.const 0))
(invoke $first "fill")
(module instance $second $module)
(assert_return (invoke $second "dirty" (i32.const 0)) (i32.const 0))
(assert_return (invoke $second "grow" (i32.const 6)) (i32.const 2))
(assert_return (invoke $second "dirty" (i32.const 0)) (i32.const 0))
(invoke $second "fill")
