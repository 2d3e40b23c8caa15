;; Allocators of four kinds, in a memory that a module called "room" has. Each exports
;; `alloc`, which gives an address or 0, `free`, and `size`, that of the memory in pages.

;; An arena: it never reuses anything, until all is given back at once.
(module definition $arena
  (memory (import "room" "memory") 1)
  (global $top (mut i32) (i32.const 256))
  (func (export "alloc") (param $bytes i32) (result i32)
    (local $at i32)
    (local $end i32)
    (local $pages i32)
    (local.set $at (global.get $top))
    (local.set $end
      (i32.add (local.get $at) (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8))))
    (local.set $pages
      (i32.sub
        (i32.shr_u (i32.add (local.get $end) (i32.const 65535)) (i32.const 16))
        (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then
        (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then (return (i32.const 0))))))
    (global.set $top (local.get $end))
    (local.get $at))
  (func (export "free") (param i32))
  (func (export "reset") (global.set $top (i32.const 256)))
  (func (export "size") (result i32) (memory.size)))

;; First fit. A block has its size before it; one that is free has the next free one in
;; it. What is left of a block that is too large is a block of its own. Blocks that
;; were freed are not put together: the last one is looked at first.
(module definition $plain
  (memory (import "room" "memory") 1)
  (func $more (import "arena" "alloc") (param i32) (result i32))
  (func (export "alloc") (param $bytes i32) (result i32)
    (local $before i32)
    (local $block i32)
    (local $left i32)
    (local $rest i32)
    (local.set $bytes (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8)))
    ;; The first one stands at 8, where a block at 4 would have its next.
    (local.set $before (i32.const 4))
    (loop $search
      (local.set $block (i32.load offset=4 (local.get $before)))
      (if (local.get $block)
        (then
          (if (i32.lt_u (i32.load (local.get $block)) (local.get $bytes))
            (then (local.set $before (local.get $block)) (br $search)))
          (i32.store offset=4 (local.get $before) (i32.load offset=4 (local.get $block)))
          (local.set $left (i32.sub (i32.load (local.get $block)) (local.get $bytes)))
          (if (i32.ge_u (local.get $left) (i32.const 16))
            (then
              (local.set $rest (i32.add (i32.add (local.get $block) (i32.const 8)) (local.get $bytes)))
              (i32.store (local.get $block) (local.get $bytes))
              (i32.store (local.get $rest) (i32.sub (local.get $left) (i32.const 8)))
              (i32.store offset=4 (local.get $rest) (i32.load offset=4 (local.get $before)))
              (i32.store offset=4 (local.get $before) (local.get $rest))))
          (return (i32.add (local.get $block) (i32.const 8))))))
    (local.set $block (call $more (i32.add (local.get $bytes) (i32.const 8))))
    (if (i32.eqz (local.get $block)) (then (return (i32.const 0))))
    (i32.store (local.get $block) (local.get $bytes))
    (i32.add (local.get $block) (i32.const 8)))
  (func (export "free") (param $at i32)
    (local.set $at (i32.sub (local.get $at) (i32.const 8)))
    (i32.store offset=4 (local.get $at) (i32.load (i32.const 8)))
    (i32.store (i32.const 8) (local.get $at)))
  (func (export "size") (result i32) (memory.size)))

;; The same, but free blocks are in the order of their addresses, and neighbours are one.
(module definition $coalescing
  (memory (import "room" "memory") 1)
  (func $more (import "arena" "alloc") (param i32) (result i32))
  (func (export "alloc") (param $bytes i32) (result i32)
    (local $before i32)
    (local $block i32)
    (local $left i32)
    (local $rest i32)
    (local.set $bytes (i32.and (i32.add (local.get $bytes) (i32.const 7)) (i32.const -8)))
    (local.set $before (i32.const 4))
    (loop $search
      (local.set $block (i32.load offset=4 (local.get $before)))
      (if (local.get $block)
        (then
          (if (i32.lt_u (i32.load (local.get $block)) (local.get $bytes))
            (then (local.set $before (local.get $block)) (br $search)))
          (i32.store offset=4 (local.get $before) (i32.load offset=4 (local.get $block)))
          (local.set $left (i32.sub (i32.load (local.get $block)) (local.get $bytes)))
          (if (i32.ge_u (local.get $left) (i32.const 16))
            (then
              (local.set $rest (i32.add (i32.add (local.get $block) (i32.const 8)) (local.get $bytes)))
              (i32.store (local.get $block) (local.get $bytes))
              (i32.store (local.get $rest) (i32.sub (local.get $left) (i32.const 8)))
              (i32.store offset=4 (local.get $rest) (i32.load offset=4 (local.get $before)))
              (i32.store offset=4 (local.get $before) (local.get $rest))))
          (return (i32.add (local.get $block) (i32.const 8))))))
    (local.set $block (call $more (i32.add (local.get $bytes) (i32.const 8))))
    (if (i32.eqz (local.get $block)) (then (return (i32.const 0))))
    (i32.store (local.get $block) (local.get $bytes))
    (i32.add (local.get $block) (i32.const 8)))
  ;; Where the next block begins.
  (func $end (param $block i32) (result i32)
    (i32.add (i32.add (local.get $block) (i32.const 8)) (i32.load (local.get $block))))
  ;; Makes one block of two that touch, the first of which has the second as its next.
  (func $join (param $one i32) (param $next i32)
    (if (i32.eq (call $end (local.get $one)) (local.get $next))
      (then
        (i32.store (local.get $one)
          (i32.add (i32.add (i32.load (local.get $one)) (i32.const 8)) (i32.load (local.get $next))))
        (i32.store offset=4 (local.get $one) (i32.load offset=4 (local.get $next))))))
  (func (export "free") (param $at i32)
    (local $before i32)
    (local $next i32)
    (local.set $at (i32.sub (local.get $at) (i32.const 8)))
    (local.set $before (i32.const 4))
    (loop $search
      (local.set $next (i32.load offset=4 (local.get $before)))
      (if (i32.and (i32.ne (local.get $next) (i32.const 0)) (i32.lt_u (local.get $next) (local.get $at)))
        (then (local.set $before (local.get $next)) (br $search))))
    (i32.store offset=4 (local.get $at) (local.get $next))
    (i32.store offset=4 (local.get $before) (local.get $at))
    (if (local.get $next) (then (call $join (local.get $at) (local.get $next))))
    (if (i32.ne (local.get $before) (i32.const 4))
      (then (call $join (local.get $before) (local.get $at)))))
  (func (export "size") (result i32) (memory.size)))

;; Bins: a block has a size that is a power of two, and is reused for that size alone.
(module definition $bins
  (memory (import "room" "memory") 1)
  (func $more (import "arena" "alloc") (param i32) (result i32))
  (func (export "alloc") (param $bytes i32) (result i32)
    (local $bin i32)
    (local $block i32)
    ;; With the 8 bytes before it: 2 to the power of `32 - clz`.
    (local.set $bin (i32.sub (i32.const 32) (i32.clz (i32.add (local.get $bytes) (i32.const 7)))))
    (local.set $block (i32.load offset=16 (i32.shl (local.get $bin) (i32.const 2))))
    (if (local.get $block)
      (then
        (i32.store offset=16 (i32.shl (local.get $bin) (i32.const 2)) (i32.load offset=4 (local.get $block))))
      (else
        (local.set $block (call $more (i32.shl (i32.const 1) (local.get $bin))))
        (if (i32.eqz (local.get $block)) (then (return (i32.const 0))))
        (i32.store (local.get $block) (local.get $bin))))
    (i32.add (local.get $block) (i32.const 8)))
  (func (export "free") (param $at i32)
    (local $bin i32)
    (local.set $at (i32.sub (local.get $at) (i32.const 8)))
    (local.set $bin (i32.shl (i32.load (local.get $at)) (i32.const 2)))
    (i32.store offset=4 (local.get $at) (i32.load offset=16 (local.get $bin)))
    (i32.store offset=16 (local.get $bin) (local.get $at)))
  (func (export "size") (result i32) (memory.size)))

(module definition $room (memory (export "memory") 1 4096))
