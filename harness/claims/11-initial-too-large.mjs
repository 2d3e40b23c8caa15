// An initial size that cannot be had: a RangeError of the constructor.
export default () => {
  if (!has64()) return { answer: null, note: 'grants every initial size there is' };
  // 2^32 pages, that is 256 TiB: more than a process can address.
  const make = (descriptor) => outcome(() => new WebAssembly.Memory({ maximum: 2n ** 33n, ...descriptor }));
  let made = make({ initial: 2n ** 32n, address: 'i64' });
  // What the member was called before it was standardized.
  if (made === 'TypeError') made = make({ initial: 2n ** 32n, index: 'i64' });
  return { answer: made === 'RangeError', note: `2^32 pages: ${made}` };
};
