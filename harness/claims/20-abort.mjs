// A host may end the program instead of failing a grow: here, where a 64-bit memory
// cannot have what it asks for. That it answers at all means that it went on.
export default () => {
  if (!has64()) return { answer: null, note: 'grants every size there is' };
  const { grow, touch, size } = instance({ initial: 1, address: 'i64' });
  const grown = outcome(() => grow(2n ** 32n));
  const goesOn = grown === '-1' && size() === 1n && touch(65535n) === 1;
  return { answer: !goesOn, note: `grow by 2^32 pages: ${grown}` };
};
