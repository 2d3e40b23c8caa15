// Put before each case in JavaScript: a module with one memory, as bytes, and what
// became of an attempt.

/** `n` as LEB128, unsigned. A BigInt, where it may be larger than 2^53. */
function leb(n) {
  const bytes = [];
  let rest = BigInt(n);
  do {
    const more = rest > 127n;
    bytes.push(Number(rest & 127n) | (more ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

/**
 * A module that exports its memory as `memory`, and as functions `grow`, `size` and
 * `touch`, which stores a 1 at an address and loads it again. The limits are those of
 * `WebAssembly.Memory`, but for the name of the maximum and the numbers, which are any.
 */
function memoryModule({ initial, maximum, shared = false, address = 'i32' }) {
  const name = (text) => [text.length, ...[...text].map((c) => c.charCodeAt(0))];
  const section = (id, ...items) => {
    const bytes = [items.length, ...items.flat()];
    return [id, ...leb(bytes.length), ...bytes];
  };
  const type = address === 'i64' ? 0x7e : 0x7f;
  const flags = (maximum !== undefined ? 1 : 0) | (shared ? 2 : 0) | (address === 'i64' ? 4 : 0);
  const limits = [flags, ...leb(initial), ...(maximum !== undefined ? leb(maximum) : [])];
  const body = (...code) => [code.length + 2, 0, ...code, 0x0b];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, 1, type, 1, type], [0x60, 0, 1, type], [0x60, 1, type, 1, 0x7f]),
    ...section(3, [0], [1], [2]),
    ...section(5, limits),
    ...section(7, [...name('memory'), 2, 0], [...name('grow'), 0, 0], [...name('size'), 0, 1], [...name('touch'), 0, 2]),
    ...section(
      10,
      body(0x20, 0, 0x40, 0),
      body(0x3f, 0),
      body(0x20, 0, 0x41, 1, 0x3a, 0, 0, 0x20, 0, 0x2d, 0, 0),
    ),
  ]);
}

/** The exports of an instance of such a module. */
const instance = (limits) => new WebAssembly.Instance(new WebAssembly.Module(memoryModule(limits))).exports;

/** What a function returns, in words, or the name of the error that it throws. */
function outcome(what) {
  try {
    const value = what();
    return typeof value === 'object' ? 'succeeds' : String(value);
  } catch (error) {
    return error.name;
  }
}

/** Whether a module can have a 64-bit memory. */
const has64 = () => WebAssembly.validate(memoryModule({ initial: 1, address: 'i64' }));

/** Whether JavaScript can have one, with sizes that are BigInts. V8 had the first before. */
const takes64 = () => outcome(() => new WebAssembly.Memory({ initial: 1n, address: 'i64' })) === 'succeeds';
