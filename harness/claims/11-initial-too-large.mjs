// An initial size that cannot be had: a RangeError of the constructor.
export default () => {
  if (!takes64()) return { answer: null, note: 'grants every initial size there is' };
  // 2^32 pages are 256 TiB: more than a process can address.
  const made = outcome(() => new WebAssembly.Memory({ initial: 2n ** 32n, address: 'i64' }));
  return { answer: made === 'RangeError', note: `2^32 pages: ${made}` };
};
