// What the errors of an engine say about how a step ended.

/** Thrown by the built-in instance for a memory that nobody registered. */
export class HostTrap extends Error {}

/** The kinds of trap by the words of the engines, V8's and JavaScriptCore's. */
const TRAPS = [
  [/unreachable/i, ['Unreachable']],
  // V8 has one trap for a null element and for a function of another type.
  [/null function or function signature mismatch/, ['NullElement', 'IndirectCallType']],
  [/null table entry|call_indirect to a null/i, ['NullElement']],
  [/signature that does not match|signature mismatch/i, ['IndirectCallType']],
  // One trap for `table.get` and for `call_indirect`.
  [/table index is out of bounds|table access|out of bounds call_indirect/i, [
    'OutOfBoundsTable',
    'UndefinedElement',
  ]],
  [/element segment|out of bounds table|table out of bounds|table.*is out of bounds/i, [
    'OutOfBoundsTable',
  ]],
  [/unaligned/i, ['UnalignedAtomic']],
  [/Atomics\.wait|shared memory/, ['ExpectedSharedMemory']],
  [/memory access|data segment|out of bounds memory|memory\.(fill|copy|init)|memory.*out of bounds/i, [
    'OutOfBoundsMemory',
  ]],
  [/(divide|division|remainder) by zero/i, ['DivisionByZero']],
  [/divide result unrepresentable|integer overflow/i, ['IntegerOverflow']],
  // One trap for a float that is not a number and for one that is too large.
  [/float unrepresentable|out of bounds trunc/i, ['InvalidConversion', 'IntegerOverflow']],
  [/null (pointer|reference)/i, ['NullReference']],
];

/** How a step ended that threw `error`. */
export function outcomeOf(error) {
  if (error instanceof HostTrap) return { Trap: ['Host'] };
  const words = String(error?.message ?? error);
  if (error instanceof WebAssembly.RuntimeError) {
    const known = TRAPS.find(([pattern]) => pattern.test(words));
    return known ? { Trap: known[1] } : { Panic: `a trap in unknown words: ${words}` };
  }
  if (error instanceof WebAssembly.CompileError) {
    return { Rejected: { stage: 'Compile', reason: words } };
  }
  if (error instanceof WebAssembly.LinkError) {
    return { Rejected: { stage: 'Link', reason: words } };
  }
  if (error instanceof RangeError) {
    return /call stack/.test(words) ? 'Exhausted' : { Limit: words };
  }
  // None that the JavaScript API has for what scripts do.
  return { Panic: `${error?.constructor?.name}: ${words}` };
}
