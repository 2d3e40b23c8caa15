// A shared memory grows in place: a buffer and views from before stay as they were, and
// see what is written later. By the method and by the instruction.
export default () => {
  const { memory, grow } = instance({ initial: 1, maximum: 4, shared: true });
  const changes = [];
  for (const [what, step] of [['the method', () => memory.grow(1)], ['the instruction', () => grow(1)]]) {
    const [old, length] = [memory.buffer, memory.buffer.byteLength];
    const view = new Uint8Array(old);
    step();
    const now = memory.buffer;
    if (now === old) changes.push(`after ${what} it is the same buffer`);
    if (old.byteLength !== length || view.length !== length) changes.push(`${what} changes an old length`);
    if (now.byteLength !== length + 65536) changes.push(`${what} does not show in the new buffer`);
    new Uint8Array(now)[length - 1] = 42;
    if (view[length - 1] !== 42) changes.push(`after ${what} the old view is of other bytes`);
  }
  return { answer: changes.length === 0, note: changes.join('; ') || undefined };
};
