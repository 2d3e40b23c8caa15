;; Rounds of 100 blocks, of 1 KiB in the first, of 2 KiB in the second, and so on; each
;; round is freed before the next: at most 1,000 KiB live at once. Every address is kept
;; in a memory of its own, which is compared as any other is.
(module definition $trace
  (func $alloc (import "heap" "alloc") (param i32) (result i32))
  (func $free (import "heap" "free") (param i32))
  (memory (export "addresses") 1)
  (func (export "round") (param $kib i32)
    (local $entry i32)
    (loop $next
      (i32.store (local.get $entry) (call $alloc (i32.shl (local.get $kib) (i32.const 10))))
      (local.set $entry (i32.add (local.get $entry) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $entry) (i32.const 400))))
    (local.set $entry (i32.const 0))
    (loop $next
      (call $free (i32.load (local.get $entry)))
      (local.set $entry (i32.add (local.get $entry) (i32.const 4)))
      (br_if $next (i32.lt_u (local.get $entry) (i32.const 400))))))
