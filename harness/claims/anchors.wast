;; Blocks that last, anchors, and temporary ones. Every address that was ever given is
;; kept in a memory of its own, which is compared as any other is.
(module definition $trace
  (func $alloc (import "lasting" "alloc") (param i32) (result i32))
  (func $temporary (import "temporary" "alloc") (param i32) (result i32))
  (func $free (import "temporary" "free") (param i32))
  (memory (export "addresses") 1)
  (global $count (mut i32) (i32.const 0))
  ;; How far the first and the last anchor are from each other.
  (func (export "spread") (result i32)
    (i32.sub
      (i32.load offset=4 (i32.shl (i32.sub (global.get $count) (i32.const 1)) (i32.const 3)))
      (i32.load offset=4 (i32.const 0))))
  ;; So many anchors of 1 KiB, with a temporary block of 100 KiB before each.
  (func (export "anchors") (param $wanted i32) (param $at-once i32)
    (local $entry i32)
    (loop $next
      (local.set $entry (i32.shl (global.get $count) (i32.const 3)))
      (i32.store (local.get $entry) (call $temporary (i32.const 102400)))
      (i32.store offset=4 (local.get $entry) (call $alloc (i32.const 1024)))
      (if (local.get $at-once) (then (call $free (i32.load (local.get $entry)))))
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (br_if $next (i32.lt_u (global.get $count) (local.get $wanted)))))
  ;; Frees the temporary ones.
  (func (export "free")
    (local $entry i32)
    (loop $next
      (call $free (i32.load (local.get $entry)))
      (local.set $entry (i32.add (local.get $entry) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $entry) (i32.shl (global.get $count) (i32.const 3)))))))
