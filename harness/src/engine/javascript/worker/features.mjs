// Features: what a module needs and what the engine has.

import { fromHex } from './bytes.mjs';

/** As harness/src/engine/features.rs has them, in the same order. */
const BITS = {
  memory64: 1,
  'multi-memory': 2,
  threads: 4,
  atomics: 512,
  'custom-page-sizes': 8,
  simd: 16,
  'tail-call': 32,
  externref: 64,
  'extended-const': 128,
  'out of scope': 256,
};

/**
 * What stands behind the eight bytes in front of a module that has a feature, in
 * hexadecimal digits. There is none for pages of other sizes: digest.mjs reads only
 * whole pages of 64 KiB.
 */
const PROBES = {
  // (table i64 1 funcref) (memory i64 1)
  memory64: '0404017004010503010401',
  // (memory 1) (memory 1)
  'multi-memory': '05050200010001',
  // (memory 1 1 shared)
  threads: '050401030101',
  // (func (result v128) (i8x16.splat (i32.const 0)))
  simd: '0105016000017b030201000a080106004100fd0f0b',
  // (func $f (return_call $f))
  'tail-call': '010401600000030201000a0601040012000b',
  // (type (func (param externref)))
  externref: '01050160016f00',
  // (global i32 (i32.add (i32.const 1) (i32.const 1)))
  'extended-const': '0609017f00410141016a0b',
};

/** The sum of the features that this engine has. */
export function present() {
  const has = (name) => WebAssembly.validate(fromHex(`0061736d01000000${PROBES[name]}`));
  return Object.keys(PROBES).filter(has).reduce((all, name) => all | BITS[name], 0);
}

/** The first feature that `needs` has and `has` lacks. */
export function missing(needs, has) {
  if ((needs & ~has) === 0) return undefined;
  return Object.keys(BITS).find((name) => covers(needs, name) && !covers(has, name));
}

/** Threads are atomics and more. */
export const covers = (set, name) =>
  (set & (name === 'atomics' ? BITS.atomics | BITS.threads : BITS[name])) !== 0;
