// Values as the protocol has them, `{"I32":7}`, and as JavaScript has them.
//
// Floats and vectors stay in their bits: a NaN keeps its payload only where it
// does not become a number of JavaScript, and a vector cannot become one. In a
// signature a letter stands for a type: i I f F v r e for i32, i64, f32, f64,
// v128, funcref and externref.

/** Whether values of these types cross the border to JavaScript as they are. */
export const isPlain = (types) => !/[^iIre]/.test(types);

const TYPES = { i: 'I32', I: 'I64', f: 'F32', F: 'F64', v: 'V128', r: 'FuncRef', e: 'ExternRef' };
const LOW = (1n << 64n) - 1n;

/**
 * The arguments for a call, bits for floats and two numbers for a vector; or what
 * cannot be an argument, in words.
 */
export function toArguments(types, values) {
  if (types.length !== values.length) return 'arguments of another number';
  const given = [];
  for (let i = 0; i < types.length; i++) {
    const value = values[i][TYPES[types[i]]];
    if (value === undefined) return 'arguments of another type';
    switch (types[i]) {
      case 'i':
      case 'f':
        given.push(value | 0);
        break;
      case 'I':
      case 'F':
        given.push(BigInt.asIntN(64, BigInt(value)));
        break;
      case 'v':
        given.push(BigInt.asIntN(64, BigInt(value)), BigInt.asIntN(64, BigInt(value) >> 64n));
        break;
      default:
        if (value !== null) return 'a reference that is not null as an argument';
        given.push(null);
    }
  }
  return given;
}

/** What a call gave, as the protocol has it. */
export function fromResults(types, given) {
  const parts = given === undefined ? [] : Array.isArray(given) ? given : [given];
  const values = [];
  let at = 0;
  for (const type of types) {
    const part = parts[at++];
    switch (type) {
      case 'i':
      case 'f':
        values.push({ [TYPES[type]]: part >>> 0 });
        break;
      case 'I':
      case 'F':
        values.push({ [TYPES[type]]: String(BigInt.asUintN(64, part)) });
        break;
      case 'v':
        values.push({ V128: String((BigInt.asUintN(64, parts[at++]) << 64n) | (part & LOW)) });
        break;
      default:
        // Which reference it is means nothing to another engine.
        values.push({ [TYPES[type]]: part === null ? null : 0 });
    }
  }
  return values;
}
