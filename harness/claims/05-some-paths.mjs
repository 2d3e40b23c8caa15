// The method `grow` throws a RangeError on some paths, and returns -1 on others.
export default () => {
  const paths = failingGrows();
  const some = (wanted) => paths.some(([, result]) => result === wanted);
  return { answer: some('-1') && some('RangeError'), note: inWords(paths) };
};
