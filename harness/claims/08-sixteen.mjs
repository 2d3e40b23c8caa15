// A 64-bit memory can have 16 GiB or more.
export default () => {
  if (!has64()) return { answer: null, note: 'no 64-bit memories' };
  const most = largest('i64', 1048576);
  const note = `granted: ${gib(most)}`;
  return { answer: most >= 262144, note };
};
