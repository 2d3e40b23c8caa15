// A shared memory has a maximum: without one the constructor throws a TypeError, and a
// module is not valid.
export default () => {
  const made = outcome(() => new WebAssembly.Memory({ initial: 1, shared: true }));
  const valid = WebAssembly.validate(memoryModule({ initial: 1, shared: true }));
  const complete = WebAssembly.validate(memoryModule({ initial: 1, maximum: 1, shared: true }));
  const found = `Memory: ${made}, validate: ${valid}, validate with a maximum: ${complete}`;
  return { answer: made === 'TypeError' && !valid && complete, note: found };
};
