// A page is 64 KiB, 16 of them are 1,048,576 bytes: however a memory is made.
export default () => {
  const made = new WebAssembly.Memory({ initial: 16 });
  const defined = instance({ initial: 16 });
  const grown = new WebAssembly.Memory({ initial: 0 });
  grown.grow(16);
  const lengths = [made, defined.memory, grown].map((memory) => memory.buffer.byteLength);
  const answer = lengths.every((length) => length === 1048576) && defined.size() === 16;
  return { answer, note: answer ? undefined : `lengths ${lengths}, size ${defined.size()}` };
};
