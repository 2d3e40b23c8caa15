;; What stands in for functions of well-known hosts that reach into the memory of their
;; caller. Each is spliced into the module that imports it, so that memory 0 is that
;; module's own; none calls another. The globals are spliced in with them.
;;
;; A function is exported under the names it stands in for. WASI: one argument, one
;; variable, a clock that goes a millisecond on with each look, numbers that are always
;; the same, an empty input, outputs that swallow what is written, and no files.
;; https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
(module
  (memory 1)
  (global $clock (mut i64) (i64.const 1000000000000000000))
  (global $random (mut i64) (i64.const 0x2545f4914f6cdd1d))

  (func (export "wasi.args_sizes_get") (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 1))
    (i32.store (local.get $bytes) (i32.const 5))
    (i32.const 0))
  (func (export "wasi.args_get") (param $pointers i32) (param $text i32) (result i32)
    (i32.store (local.get $pointers) (local.get $text))
    (i32.store (local.get $text) (i32.const 0x6e69616d)) ;; "main"
    (i32.store8 offset=4 (local.get $text) (i32.const 0))
    (i32.const 0))
  (func (export "wasi.environ_sizes_get") (param $count i32) (param $bytes i32) (result i32)
    (i32.store (local.get $count) (i32.const 1))
    (i32.store (local.get $bytes) (i32.const 7))
    (i32.const 0))
  (func (export "wasi.environ_get") (param $pointers i32) (param $text i32) (result i32)
    (i32.store (local.get $pointers) (local.get $text))
    (i32.store (local.get $text) (i32.const 0x474e414c)) ;; "LANG"
    (i32.store16 offset=4 (local.get $text) (i32.const 0x433d)) ;; "=C"
    (i32.store8 offset=6 (local.get $text) (i32.const 0))
    (i32.const 0))

  (func (export "wasi.clock_res_get") (param i32) (param $out i32) (result i32)
    (i64.store (local.get $out) (i64.const 1000000))
    (i32.const 0))
  (func (export "wasi.clock_time_get") (param i32 i64) (param $out i32) (result i32)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000000)))
    (i64.store (local.get $out) (global.get $clock))
    (i32.const 0))
  (func (export "wasi.random_get") (param $to i32) (param $length i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $length)))
        (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 13))))
        (global.set $random (i64.xor (global.get $random) (i64.shr_u (global.get $random) (i64.const 7))))
        (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 17))))
        (i64.store8 (local.get $to) (global.get $random))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (local.set $length (i32.sub (local.get $length) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Everything is written, to nowhere. 8 is badf.
  (func (export "wasi.fd_write")
    (param $file i32) (param $pieces i32) (param $count i32) (param $out i32) (result i32)
    (local $sum i32)
    (if (i32.gt_u (i32.sub (local.get $file) (i32.const 1)) (i32.const 1))
      (then (return (i32.const 8))))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $pieces))))
        (local.set $pieces (i32.add (local.get $pieces) (i32.const 8)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.store (local.get $out) (local.get $sum))
    (i32.const 0))
  (func (export "wasi.fd_read")
    (param $file i32) (param i32 i32) (param $out i32) (result i32)
    (if (local.get $file) (then (return (i32.const 8))))
    (i32.store (local.get $out) (i32.const 0))
    (i32.const 0))
  ;; A character device with all rights.
  (func (export "wasi.fd_fdstat_get") (param $file i32) (param $out i32) (result i32)
    (if (i32.gt_u (local.get $file) (i32.const 2)) (then (return (i32.const 8))))
    (i64.store (local.get $out) (i64.const 2))
    (i64.store offset=8 (local.get $out) (i64.const -1))
    (i64.store offset=16 (local.get $out) (i64.const -1))
    (i32.const 0))
  (func (export "wasi.fd_filestat_get") (param $file i32) (param $out i32) (result i32)
    (if (i32.gt_u (local.get $file) (i32.const 2)) (then (return (i32.const 8))))
    (memory.fill (local.get $out) (i32.const 0) (i32.const 64))
    (i32.store8 offset=16 (local.get $out) (i32.const 2))
    (i32.const 0))
  ;; Whatever is waited for has come, a second later. 28 is inval.
  (func (export "wasi.poll_oneoff")
    (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (if (i32.eqz (local.get $count)) (then (return (i32.const 28))))
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000000000)))
    (i32.store (local.get $events) (local.get $count))
    (loop $next
      (memory.fill (local.get $out) (i32.const 0) (i32.const 32))
      (i64.store (local.get $out) (i64.load (local.get $in)))
      (i32.store8 offset=10 (local.get $out) (i32.load8_u offset=8 (local.get $in)))
      (local.set $in (i32.add (local.get $in) (i32.const 48)))
      (local.set $out (i32.add (local.get $out) (i32.const 32)))
      (br_if $next (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (i32.const 0))

  ;; Emscripten. https://github.com/emscripten-core/emscripten/blob/main/src/lib/libcore.js
  (func (export "env.emscripten_memcpy_js") (export "env._emscripten_memcpy_js")
    (export "env.emscripten_memcpy_big")
    (param i32 i32 i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "env.emscripten_memcpy_big.i32") (param i32 i32 i32) (result i32)
    (memory.copy (local.get 0) (local.get 1) (local.get 2))
    (local.get 0))
  (func (export "env.emscripten_resize_heap") (export "env._emscripten_resize_heap")
    (param $bytes i32) (result i32)
    (i32.ge_s
      (memory.grow
        (i32.sub
          (i32.shr_u (i32.add (local.get $bytes) (i32.const 65535)) (i32.const 16))
          (memory.size)))
      (i32.const 0)))
  (func (export "env.emscripten_get_heap_max") (result i32) (i32.const 0x7fff0000))
  (func (export "env.emscripten_get_now") (export "env.emscripten_date_now")
    (result f64)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000000)))
    (f64.div (f64.convert_i64_u (global.get $clock)) (f64.const 1000000)))
)
