// The program that this runs in: which engine it is, and what it can do.

import { present } from './features.mjs';

const { versions } = globalThis.process ?? {};

/**
 * What the engine of a configuration is limited to by itself, in bytes, where
 * nothing can be imposed on it; for Chromium by a flag that it is started with.
 */
const LIMITS = { bun: 2 ** 32, chromium: 2 ** 33, firefox: Infinity };

let engine;

/**
 * What this process says of itself, under the name it was given. A browser does not
 * know its version.
 */
export function declared(name) {
  engine = name.slice(0, name.indexOf('/'));
  return { name, version: versions?.[engine] ?? '', about: '', features: present() };
}

const v8 = versions?.node && !versions.bun ? await import('node:v8') : undefined;
let imposed;

/**
 * Makes the engine refuse memories beyond the budget; whether it can. Node has a
 * function that sets the flag of V8, the others have nothing but their own limit.
 */
export function imposeBudget({ memory_bytes: bytes }) {
  if (v8 === undefined) return bytes === LIMITS[engine] || (engine === 'bun' && bytes >= LIMITS.bun);
  if (bytes !== imposed) {
    const pages = Math.min(Math.floor(bytes / 65536), 0xffffffff);
    v8.setFlagsFromString(`--wasm-max-mem-pages=${pages}`);
    imposed = bytes;
  }
  return true;
}
