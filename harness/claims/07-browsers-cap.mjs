// A memory cannot be larger than 2 to 4 GiB in practice.
export default () => {
  const of32 = largest('i32', 65536);
  const of64 = has64() ? largest('i64', 1048576) : 0;
  const most = Math.max(of32, of64);
  const words = `32-bit: ${gib(of32)}; 64-bit: ${has64() ? gib(of64) : 'not there'}`;
  return { answer: most >= 32768 && most <= 65536, note: words };
};
