// Features: what a module needs and what the engine has.

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

/** The sum of these features. */
export const sum = (names) => names.reduce((all, name) => all | BITS[name], 0);

/** The first feature that `needs` has and `has` lacks. */
export function missing(needs, has) {
  if ((needs & ~has) === 0) return undefined;
  return Object.keys(BITS).find((name) => covers(needs, name) && !covers(has, name));
}

/** Threads are atomics and more. */
const covers = (set, name) =>
  (set & (name === 'atomics' ? BITS.atomics | BITS.threads : BITS[name])) !== 0;
