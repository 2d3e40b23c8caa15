// Without cross-origin isolation no shared memory can be made; its maximum is 0.
export default () => {
  const not = notAsked();
  if (not) return not;
  const made = outcome(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  const empty = outcome(() => new WebAssembly.Memory({ initial: 0, shared: true }));
  const note = `initial 1, maximum 1: ${made}; initial 0, no maximum: ${empty}`;
  return { answer: made !== 'succeeds' && empty === 'succeeds', note };
};
