// What the errors of an engine say about how a step ended.

import { Breach } from './rules.mjs';

/** Thrown by the built-in instance for a memory that nobody registered. */
export class HostTrap extends Error {}

/**
 * The kinds of trap by the words of the engines, the first that fit: several kinds
 * where an engine does not tell them apart.
 */
const TRAPS = [
  [/unreachable/i, ['Unreachable']],
  [/signature/, ['NullElement', 'IndirectCallType']],
  [/^null function|call to null/, ['NullElement']],
  [/out of bounds call_indirect/i, ['UndefinedElement']],
  // V8, for `table.get` and for `call_indirect`.
  [/^table index is out of bounds/, ['OutOfBoundsTable', 'UndefinedElement']],
  [/element segment|\btable\b/i, ['OutOfBoundsTable']],
  [/unaligned/i, ['UnalignedAtomic']],
  [/Atomics\.wait|non-shared memory/, ['ExpectedSharedMemory']],
  // SpiderMonkey, of whatever.
  [/^index out of bounds/, ['OutOfBoundsMemory', 'OutOfBoundsTable', 'UndefinedElement']],
  // JavaScriptCore, whatever is wrong with a wait or a notification.
  [/^Out of bounds memory access/, [
    'OutOfBoundsMemory',
    'UnalignedAtomic',
    'ExpectedSharedMemory',
  ]],
  [/memory access|data segment|memory.*out of bounds|out of bounds memory/i, [
    'OutOfBoundsMemory',
  ]],
  [/(divide|division|remainder) by zero/i, ['DivisionByZero']],
  [/divide result unrepresentable|integer overflow/i, ['IntegerOverflow']],
  // For a float that is not a number and for one that is too large.
  [/float unrepresentable|out of bounds trunc/i, ['InvalidConversion', 'IntegerOverflow']],
  [/invalid conversion/, ['InvalidConversion']],
  [/null (pointer|reference)/i, ['NullReference']],
];

/** How a step ended that broke a rule of the API; the judge knows it by its first words. */
export const breach = (words) => ({ Panic: `JavaScript API: ${words}` });

/** How a step ended that threw `error`. */
export function outcomeOf(error) {
  if (error instanceof HostTrap) return { Trap: ['Host'] };
  const words = String(error?.message ?? error);
  if (error instanceof Breach) return breach(words);
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
  // SpiderMonkey, which has a class of its own for the one and none for the other.
  if (/too much recursion/.test(words)) return 'Exhausted';
  if (error === 'out of memory') return { Limit: words };
  // None that the JavaScript API has for what scripts do.
  return { Panic: `${error?.constructor?.name}: ${words}` };
}
