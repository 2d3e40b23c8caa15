// What the method `grow` does on every path on which it fails.

/** The paths, each with what became of it. */
function failingGrows() {
  const limited = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const unlimited = new WebAssembly.Memory({ initial: 1 });
  const paths = {
    'beyond the maximum': () => limited.grow(2),
    'beyond 65,536 pages': () => unlimited.grow(65536),
    'by 2^32-1 pages': () => unlimited.grow(0xffffffff),
  };
  const shared = outcome(() => new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }));
  if (shared === 'succeeds') {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    paths['a shared one beyond its maximum'] = () => memory.grow(2);
  }
  if (has64()) {
    // No machine has so much.
    const { memory } = instance({ initial: 1, address: 'i64' });
    paths['a 64-bit one beyond what there is'] = () => memory.grow(2n ** 36n);
  }
  return Object.entries(paths).map(([what, grow]) => [what, outcome(grow)]);
}

/** What they come to, in words: `RangeError on all 5 paths`. */
function inWords(paths) {
  const results = new Set(paths.map(([, result]) => result));
  if (results.size === 1) return `${[...results][0]} on all ${paths.length} paths`;
  return paths.map(([what, result]) => `${what}: ${result}`).join('; ');
}
