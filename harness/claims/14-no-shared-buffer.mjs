// Without cross-origin isolation there is no SharedArrayBuffer, and a module with a
// shared memory cannot be instantiated.
export default () => {
  const not = notAsked();
  if (not) return not;
  const there = typeof SharedArrayBuffer;
  const made = outcome(() => instance({ initial: 1, maximum: 1, shared: true }));
  const note = `SharedArrayBuffer: ${there}; instantiation: ${made}`;
  return { answer: there === 'undefined' && made !== 'succeeds', note };
};
