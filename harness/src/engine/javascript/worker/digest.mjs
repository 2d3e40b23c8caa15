// Digests of memories, as harness/src/observation.rs defines them: 0 for a chunk
// of zeros, otherwise XXH3 (64 bits) of its bytes from the first to the last
// block of 256 that has others, with the number of blocks before them as the seed.
//
// XXH3: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Whatever
// is hashed here has a multiple of 256 bytes, since every memory of a JavaScript
// engine has whole pages of 64 KiB; so only the part for long inputs is needed.

import { fromHex, isZero } from './bytes.mjs';

const CHUNK = 65536;
/** Bytes in a block, by which zeros are left out at both ends. */
const BLOCK = 256;

/** Digests of the chunks that are to be looked at. */
export function digests(buffer, watch) {
  const count = Math.ceil(buffer.byteLength / CHUNK);
  const chunks = [];
  if (count <= watch.full) {
    for (let index = 0; index < count; index++) chunks.push(one(buffer, index));
  } else {
    for (const index of watch.chunks) if (index < count) chunks.push(one(buffer, index));
  }
  return chunks;
}

const one = (buffer, index) => ({ index, digest: digest(buffer, index * CHUNK) });

/** The digest of the chunk that starts at `start`, in hexadecimal digits. */
export function digest(buffer, start) {
  const length = Math.min(CHUNK, buffer.byteLength - start);
  if (length % BLOCK !== 0) throw new Error(`a memory that ends after ${length} bytes`);
  if (isZero(buffer, start, start + length)) return '0';
  // Halves are compared with zeros until one block is left: faster than a loop.
  let first = start;
  let end = start + length;
  for (let size = CHUNK / 2; size >= BLOCK; size /= 2) {
    if (first + size < start + length && isZero(buffer, first, first + size)) first += size;
    if (end - size > start && isZero(buffer, end - size, end)) end -= size;
  }
  const words = new Uint32Array(buffer, first, (end - first) / 4);
  return hash(words, (first - start) / BLOCK).toString(16);
}

const MASK = (1n << 64n) - 1n;
const PRIME32_1 = 0x9e3779b1;
const PRIME64_1 = 0x9e3779b185ebca87n;
/** What the accumulators begin with, low halves and high ones in turn. */
const INITIAL = [
  0xc2b2ae3d, 0, 0x85ebca87, 0x9e3779b1, 0x27d4eb4f, 0xc2b2ae3d, 0x9e3779f9, 0x165667b1,
  0xc2b2ae63, 0x85ebca77, 0x85ebca77, 0, 0x165667c5, 0x27d4eb2f, 0x9e3779b1, 0,
];
/** The default secret of XXH3. */
const SECRET = fromHex(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f' +
    'cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c' +
    '3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364' +
    'eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e' +
    '2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
);
/** Numbers of 32 bits in a stripe. */
const STRIPE = 16;
const STRIPES_PER_BLOCK = 16;

const secrets = [];

/** The secret of a seed, cut for what reads it. */
function secretOf(seed) {
  return (secrets[seed] ??= derive(seed));
}

function derive(seed) {
  const given = new DataView(SECRET.buffer, SECRET.byteOffset);
  const secret = new DataView(new ArrayBuffer(192));
  for (let at = 0; at < 192; at += 16) {
    secret.setBigUint64(at, given.getBigUint64(at, true) + BigInt(seed), true);
    secret.setBigUint64(at + 8, given.getBigUint64(at + 8, true) - BigInt(seed), true);
  }
  const words = (at, count) =>
    Int32Array.from({ length: count }, (_, i) => secret.getInt32(at + 4 * i, true));
  return {
    stripes: words(0, 48),
    lastStripe: words(192 - 64 - 7, STRIPE),
    scramble: 32,
    merge: Array.from({ length: 8 }, (_, i) => secret.getBigUint64(11 + 8 * i, true)),
  };
}

const accumulators = new Int32Array(STRIPE);

/** XXH3 of `words`, of which there are more than 240 bytes. */
function hash(words, seed) {
  const secret = secretOf(seed);
  const acc = accumulators;
  acc.set(INITIAL);
  const stripes = words.length / STRIPE - 1;
  for (let stripe = 0; stripe < stripes; stripe++) {
    const inBlock = stripe % STRIPES_PER_BLOCK;
    accumulate(acc, words, stripe * STRIPE, secret.stripes, inBlock * 2);
    if (inBlock === STRIPES_PER_BLOCK - 1) scramble(acc, secret.stripes, secret.scramble);
  }
  accumulate(acc, words, words.length - STRIPE, secret.lastStripe, 0);
  return merge(acc, secret.merge, (BigInt(words.byteLength) * PRIME64_1) & MASK);
}

/** Adds the products of one stripe with the secret. */
function accumulate(acc, words, at, secret, offset) {
  for (let lane = 0; lane < STRIPE; lane += 2) {
    const low = words[at + lane] | 0;
    const high = words[at + lane + 1] | 0;
    add(acc, lane ^ 2, low, high);
    const a = low ^ secret[offset + lane];
    const b = high ^ secret[offset + lane + 1];
    add(acc, lane, Math.imul(a, b), highProduct(a, b));
  }
}

/** Adds a number of 64 bits, in two halves, to an accumulator. */
function add(acc, lane, low, high) {
  const sum = (acc[lane] >>> 0) + (low >>> 0);
  acc[lane] = sum | 0;
  acc[lane + 1] = (acc[lane + 1] + high + (sum > 0xffffffff ? 1 : 0)) | 0;
}

/** The upper half of the product of two unsigned numbers of 32 bits. */
function highProduct(a, b) {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 16;
  const middle = (Math.imul(aHigh, bLow) + low) >>> 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** Mixes the accumulators behind a block. */
function scramble(acc, secret, offset) {
  for (let lane = 0; lane < STRIPE; lane += 2) {
    const high = acc[lane + 1];
    // acc ^ (acc >> 47) ^ secret, then times a prime of 32 bits.
    const low = acc[lane] ^ (high >>> 15) ^ secret[offset + lane];
    const mixed = high ^ secret[offset + lane + 1];
    acc[lane] = Math.imul(low, PRIME32_1);
    acc[lane + 1] = (highProduct(low, PRIME32_1) + Math.imul(mixed, PRIME32_1)) | 0;
  }
}

/** Makes one number of the accumulators. */
function merge(acc, secret, start) {
  const of = (lane) => (BigInt(acc[lane + 1] >>> 0) << 32n) | BigInt(acc[lane] >>> 0);
  let result = start;
  for (let i = 0; i < 4; i++) {
    const product = (of(4 * i) ^ secret[2 * i]) * (of(4 * i + 2) ^ secret[2 * i + 1]);
    result += (product & MASK) ^ (product >> 64n);
  }
  result &= MASK;
  result ^= result >> 37n;
  result = (result * 0x165667919e3779f9n) & MASK;
  return result ^ (result >> 32n);
}
