// A grow that fails changes nothing: neither the size, nor the buffer, nor its bytes.
export default () => {
  const { memory, grow, size } = instance({ initial: 1, maximum: 3 });
  const buffer = memory.buffer;
  const bytes = new Uint8Array(buffer).fill(7);
  const changes = [];
  const failing = [
    ['the instruction', () => grow(3) === -1],
    ['the instruction, by 2^32-1', () => grow(-1) === -1],
    ['the method', () => outcome(() => memory.grow(3)) === 'RangeError'],
    ['the method, by 2^32-1', () => outcome(() => memory.grow(0xffffffff)) === 'RangeError'],
  ];
  for (const [what, fails] of failing) {
    if (!fails()) changes.push(`${what} does not fail`);
    if (memory.buffer !== buffer) changes.push(`${what} leaves another buffer`);
    if (size() !== 1 || bytes.length !== 65536) changes.push(`${what} leaves another size`);
    if (!bytes.every((byte) => byte === 7)) changes.push(`${what} leaves other bytes`);
  }
  if (grow(1) !== 1 || memory.grow(1) !== 2) changes.push('a grow does not give the old size');
  return { answer: changes.length === 0, note: changes.join('; ') || undefined };
};
