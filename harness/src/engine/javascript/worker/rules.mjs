// The rules of the JavaScript API for memories: what must become of buffers when a
// memory grows, which errors are thrown, and that `validate` says what compiling does.
// https://webassembly.github.io/spec/js-api/#memories
//
// Whatever breaks one is a `Breach`, which says the rule first: `refresh`, `grow`,
// `shared`, `validate` or `constructor`. harness/src/judge/section.rs has their sections.

/** Thrown where a rule is broken. */
export class Breach extends Error {}

function broken(rule, what) {
  throw new Breach(`${rule}: ${what}`);
}

const isShared = (buffer) =>
  Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';

/** The memories of a script, each with the buffer that it last had. */
export class Memories {
  #known = [];

  /** Those that an instance exports are looked at from now on. */
  add(exports) {
    for (const name in exports) {
      const memory = exports[name];
      if (!(memory instanceof WebAssembly.Memory)) continue;
      if (this.#known.some((known) => known.memory === memory)) continue;
      const { buffer } = memory;
      this.#known.push({ memory, buffer, length: checked(buffer) });
    }
  }

  /**
   * Looks at every memory, after anything that may have grown one: a buffer stays, with
   * its length, or is replaced by one that is not smaller.
   */
  check() {
    for (const known of this.#known) {
      const { memory, buffer, length } = known;
      const now = memory.buffer;
      if (now === buffer) {
        if (now.byteLength !== length) {
          const grown = `${now.byteLength} bytes instead of ${length}`;
          broken('refresh', `memory.buffer is the same object, with ${grown}`);
        }
        continue;
      }
      left(buffer, length);
      known.buffer = now;
      known.length = checked(now);
      if (known.length < length) {
        broken('refresh', `memory.buffer has ${known.length} bytes after ${length}`);
      }
    }
  }
}

/**
 * The length of a buffer that a memory has: whole pages. That a shared one is frozen is
 * not asked: Firefox freezes none, so that nothing else of its shared memories would
 * ever be judged.
 */
function checked(buffer) {
  const length = buffer.byteLength;
  if (length % 65536 !== 0) broken('refresh', `memory.buffer has ${length} bytes`);
  return length;
}

/** What a buffer must be that is not a memory's any more. */
function left(buffer, length) {
  const now = buffer.byteLength;
  if (isShared(buffer)) {
    if (now !== length) {
      broken('shared', `a SharedArrayBuffer of ${length} bytes has ${now} after a grow`);
    }
  } else if (now !== 0 || buffer.detached === false) {
    broken('refresh', `an ArrayBuffer of ${length} bytes is not detached, but has ${now}`);
  }
}

/**
 * Grows a memory by its method, `pages` being what that takes: the size before. Throws
 * the method's `RangeError` where the engine refuses.
 */
export function grow(memory, pages) {
  const { buffer } = memory;
  const length = buffer.byteLength;
  let before;
  try {
    before = memory.grow(pages);
  } catch (error) {
    if (memory.buffer !== buffer || buffer.byteLength !== length) {
      broken('grow', `it throws ${error?.constructor?.name}, and memory.buffer has changed`);
    }
    if (!(error instanceof RangeError)) {
      broken('grow', `it throws ${error?.constructor?.name} instead of a RangeError`);
    }
    throw error;
  }
  const now = memory.buffer;
  // By no pages as well, but for shared buffers, of which nothing is lost.
  if (now === buffer && (!isShared(buffer) || pages > 0)) {
    broken('refresh', `memory.buffer is the same object after grow(${pages})`);
  }
  if (now !== buffer) left(buffer, length);
  // How much it has grown is for the judge to compare.
  if (typeof before !== typeof pages) broken('grow', `it gives a ${typeof before}`);
  return before;
}

/**
 * The module of these bytes. `validate` is `false` exactly where compiling them throws a
 * `CompileError`.
 */
export function compile(bytes) {
  const valid = WebAssembly.validate(bytes);
  let module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    if (valid && error instanceof WebAssembly.CompileError) {
      broken('validate', `it gives true, and Module throws: ${error.message}`);
    }
    throw error;
  }
  if (!valid) broken('validate', 'it gives false, and Module does not throw');
  return module;
}

/** What throws which error, whatever a script does. */
const CONSTRUCTORS = [
  [RangeError, 'with an initial size beyond the maximum', { initial: 2, maximum: 1 }],
  [TypeError, 'without an initial size', { maximum: 1 }],
  [TypeError, 'with a negative initial size', { initial: -1 }],
  [TypeError, 'with an initial size of 2^32', { initial: 2 ** 32 }],
];
const WITH_THREADS = [[TypeError, 'with shared and no maximum', { initial: 1, shared: true }]];
const WITH_MEMORY64 = [
  [TypeError, 'with i64 and a number', { initial: 1, address: 'i64' }],
  [RangeError, 'with i64 and an initial size beyond the maximum',
    { initial: 2n, maximum: 1n, address: 'i64' }],
];

/** The first rule for the constructor of memories that is broken; in words, if one is. */
export function constructorBreach(hasThreads, hasMemory64) {
  const all = [
    ...CONSTRUCTORS,
    ...(hasThreads ? WITH_THREADS : []),
    ...(hasMemory64 ? WITH_MEMORY64 : []),
  ];
  for (const [expected, what, descriptor] of all) {
    let got = 'nothing';
    try {
      new WebAssembly.Memory(descriptor);
    } catch (error) {
      if (error instanceof expected) continue;
      got = error?.constructor?.name;
    }
    return `constructor: ${what} it throws ${got} instead of a ${expected.name}`;
  }
  return undefined;
}
