// After a grow that succeeds, also one by 0 pages, the old buffer is detached and its
// views have the length 0; after one that fails, they are as before.
export default () => {
  const changes = [];
  const grows = [
    ['the method', true, ({ memory }) => memory.grow(1)],
    ['the method, by 0', true, ({ memory }) => memory.grow(0)],
    ['the method, failing', false, ({ memory }) => outcome(() => memory.grow(9))],
    ['the instruction', true, ({ grow }) => grow(1)],
    ['the instruction, by 0', true, ({ grow }) => grow(0)],
    ['the instruction, failing', false, ({ grow }) => grow(9)],
  ];
  for (const [what, detaches, step] of grows) {
    const exports = instance({ initial: 1, maximum: 4 });
    const { memory } = exports;
    const old = memory.buffer;
    const view = new Uint8Array(old);
    step(exports);
    const length = detaches ? 0 : 65536;
    if (old.byteLength !== length || view.length !== length) changes.push(`${what}: ${old.byteLength} bytes`);
    if ((memory.buffer !== old) !== detaches) changes.push(`${what}: ${detaches ? 'the same' : 'another'} buffer`);
    if (memory.buffer.byteLength !== exports.size() * 65536) changes.push(`${what}: a buffer of another size`);
  }
  return { answer: changes.length === 0, note: changes.join('; ') || undefined };
};
