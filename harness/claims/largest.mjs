// The largest memory that an engine grants.

/** Whether a memory of so many pages can be made. */
function granted(pages, address) {
  const limits = { initial: address === 'i64' ? BigInt(pages) : pages, address };
  // A descriptor without "address" is one of any engine.
  if (address === 'i32') delete limits.address;
  const made = outcome(() => (address === 'i64' ? instance(limits).memory : new WebAssembly.Memory(limits)));
  return made === 'succeeds';
}

/** How many pages the largest has, at most `most`, a power of two. */
function largest(address, most) {
  if (granted(most, address)) return most;
  let [yes, no] = [0, most];
  while (no - yes > 1) {
    const middle = Math.floor((yes + no) / 2);
    if (granted(middle, address)) yes = middle;
    else no = middle;
  }
  return yes;
}

/** Pages as GiB, in words. */
function gib(pages) {
  const exact = pages / 16384;
  return Number.isInteger(exact) ? `${exact} GiB` : `${exact.toFixed(2)} GiB (${pages} pages)`;
}
