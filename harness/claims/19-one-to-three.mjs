// 1 page, at most 3: grow, grow, grow gives 1, 2 and a failure, and 3 pages stay.
export default () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 3 });
  const grown = [1, 2, 3].map(() => outcome(() => memory.grow(1)));
  const found = [...grown, memory.buffer.byteLength].join(', ');
  return { answer: found === '1, 2, RangeError, 196608', note: found };
};
