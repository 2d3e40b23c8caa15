// The method `grow` returns -1 where it fails.
export default () => {
  const paths = failingGrows();
  return { answer: paths.every(([, result]) => result === '-1'), note: inWords(paths) };
};
