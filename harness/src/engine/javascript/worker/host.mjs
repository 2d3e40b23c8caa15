// The program that this runs in: which engine it is, and what it can do.

import { sum } from './features.mjs';

const CORE = ['threads', 'simd', 'externref'];

/**
 * Since which version an engine has what, by its own flags or without: V8 by its
 * own version, JavaScriptCore by that of Bun.
 */
const SINCE = {
  node: { version: process.versions.v8, features: { 'tail-call': [11, 2], 'extended-const': [11, 4], 'multi-memory': [12, 0], memory64: [13, 3] } },
  bun: { version: process.versions.bun, features: { 'tail-call': [1, 4], 'extended-const': [1, 2], 'multi-memory': [1, 4], memory64: [1, 4] } },
};

const engine = process.versions.bun === undefined ? 'node' : 'bun';

/** What this process says of itself, under the name it was given. */
export function declared(name) {
  const { version, features } = SINCE[engine];
  const [major, minor] = version.split('.').map(Number);
  const later = ([a, b]) => major > a || (major === a && minor >= b);
  const beyond = Object.keys(features).filter((feature) => later(features[feature]));
  return {
    name,
    version: process.versions[engine],
    about: '',
    features: sum([...CORE, ...beyond]),
  };
}

const v8 = engine === 'node' ? await import('node:v8') : undefined;
let imposed;

/** What JavaScriptCore grants a memory at most. */
const JSC_BYTES = 2 ** 32;

/**
 * Makes the engine refuse memories beyond the budget; whether it can. V8 has a
 * flag for it, JavaScriptCore nothing but its own limit.
 */
export function imposeBudget({ memory_bytes: bytes }) {
  if (v8 === undefined) return bytes >= JSC_BYTES;
  if (bytes !== imposed) {
    const pages = Math.min(Math.floor(bytes / 65536), 0xffffffff);
    v8.setFlagsFromString(`--wasm-max-mem-pages=${pages}`);
    imposed = bytes;
  }
  return true;
}
