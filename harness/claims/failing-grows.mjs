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
  if (takes64()) {
    // No machine has so much.
    const { memory } = instance({ initial: 1, address: 'i64' });
    paths['a 64-bit one by 2^36 pages'] = () => memory.grow(2n ** 36n);
  }
  return Object.entries(paths).map(([what, grow]) => [what, outcome(grow)]);
}

/** What they come to, in words: `RangeError on all 5 paths`. */
function inWords(paths) {
  const others = paths.filter(([, result]) => result !== 'RangeError');
  const count = paths.length - others.length;
  const all = `RangeError on ${others.length ? '' : 'all '}${count} paths`;
  return [all, ...others.map(([what, result]) => `${what}: ${result}`)].join('; ');
}
