// Bytes as text, and whether they are zero: Node and Bun have something for it that
// is faster than what every engine can do.

const { Buffer } = globalThis;

/** The most bytes that are compared at once. */
const ZEROS = new Uint8Array(65536);

/** The bytes that hexadecimal digits stand for. */
export const fromHex = Buffer
  ? (digits) => Buffer.from(digits, 'hex')
  : (digits) => {
      const bytes = new Uint8Array(digits.length / 2);
      for (let i = 0; i < bytes.length; i++) {
        bytes[i] = (digit(digits.charCodeAt(2 * i)) << 4) | digit(digits.charCodeAt(2 * i + 1));
      }
      return bytes;
    };

/** Of the code of a lower-case digit. */
const digit = (code) => (code < 0x40 ? code - 0x30 : code - 0x57);

/** Bytes as hexadecimal digits. */
export const toHex = Buffer
  ? (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  : (bytes) => Array.from(bytes, (byte) => (byte | 0x100).toString(16).slice(1)).join('');

/**
 * Whether the bytes of a buffer from `from` to `to`, at most 65,536, are zero. Both
 * are multiples of 256.
 */
export const isZero = Buffer
  ? (buffer, from, to) => Buffer.from(buffer, from, to - from).equals(ZEROS.subarray(0, to - from))
  : (buffer, from, to) => new Int32Array(buffer, from, (to - from) / 4).every((word) => word === 0);
