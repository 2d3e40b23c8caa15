;; 64 MiB, all of it used. Run over and over in one process, which may hold less than
;; all of them together.
(module
  (memory 1024)
  (func (export "use") (result i32)
    (local $at i32)
    (loop $next
      (i32.store (local.get $at) (i32.const 1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 67108864))))
    (local.get $at)))
(assert_return (invoke "use") (i32.const 67108864))
