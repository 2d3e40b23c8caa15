// Frames on standard input and output: a length in bytes (4 bytes, little
// endian), then so many bytes of JSON.

import { readSync, writeSync } from 'node:fs';

/** The longest frame there is, in bytes; a longer one is garbage. */
const MAX_FRAME = 256 << 20;

/** The two streams of a worker. */
export class Frames {
  #length = Buffer.alloc(4);
  #buffer = Buffer.alloc(1 << 16);

  /** The next message; `null` at the end of the stream. */
  read() {
    const have = fill(this.#length, 4);
    if (have === 0) return null;
    if (have < 4) throw new Error("the stream ends within a frame's length");
    const length = this.#length.readUInt32LE();
    if (length > MAX_FRAME) throw new Error(`a frame of ${length} bytes`);
    const frame = this.#room(length);
    const came = fill(frame, length);
    if (came < length) {
      throw new Error(`the stream ends ${came} bytes into a frame of ${length}`);
    }
    return JSON.parse(frame.toString('utf8', 0, length));
  }

  /** Writes one message. */
  write(message) {
    const text = JSON.stringify(message);
    // No character of UTF-16 takes more than three bytes.
    const frame = this.#room(4 + text.length * 3);
    const length = frame.write(text, 4);
    if (length > MAX_FRAME) throw new Error('a message too long for a frame');
    frame.writeUInt32LE(length);
    for (let done = 0; done < length + 4; ) {
      done += write(frame, done, length + 4 - done);
    }
  }

  #room(length) {
    if (this.#buffer.length < length) this.#buffer = Buffer.alloc(length);
    return this.#buffer;
  }
}

/** Writes a part of what is left; nothing, after a while, where the pipe is full. */
function write(frame, at, length) {
  try {
    return writeSync(1, frame, at, length);
  } catch (error) {
    // The pipe does not block once anything has asked for `process.stdout`.
    if (error.code !== 'EAGAIN') throw error;
    Atomics.wait(PAUSE, 0, 0, 1);
    return 0;
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Reads `length` bytes, fewer at the end of the stream; says how many. */
function fill(buffer, length) {
  let have = 0;
  while (have < length) {
    const n = readSync(0, buffer, have, length - have);
    if (n === 0) break;
    have += n;
  }
  return have;
}
