// A maximum that is more than this engine can ever grant is refused when the module is
// made.
export default () => {
  if (!has64()) {
    const most = largest('i32', 65536);
    if (most === 65536) return { answer: null, note: 'grants all that a 32-bit memory may have' };
    const made = outcome(() => instance({ initial: 1, maximum: 65536 }));
    return { answer: made !== 'succeeds', note: `a maximum of 65,536 pages: ${made}; granted: ${gib(most)}` };
  }
  // Far beyond any machine, and the most that may be declared in JavaScript.
  const maximum = 2n ** 37n - 1n;
  const made = outcome(() => instance({ initial: 1, maximum, address: 'i64' }));
  return { answer: made !== 'succeeds', note: `a maximum of 2^37-1 pages: ${made}` };
};
