// A memory whose maximum is its initial size never grows: by 0 pages gives its size.
export default () => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  const found = [memory.grow(0), outcome(() => memory.grow(1)), memory.buffer.byteLength].join(', ');
  return { answer: found === '2, RangeError, 131072', note: found };
};
