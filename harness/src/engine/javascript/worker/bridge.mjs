// Small modules between JavaScript and what it cannot hold: callers that take
// and give the bits of floats and vectors as integers, readers of globals, and
// host functions that have a type.
//
// One module is made for each signature, and instantiated for each function.

const TYPE = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, v: 0x7b, r: 0x70, e: 0x6f };
/** What stands for a type on the side of JavaScript. */
const OUTSIDE = { i: 'i', I: 'I', f: 'i', F: 'I', v: 'II', r: 'r', e: 'e' };

const LOCAL_GET = 0x20;
const LOCAL_SET = 0x21;
const CALL = 0x10;
const GLOBAL_GET = 0x23;
/** Instructions that make a value of bits. */
const FROM_BITS = { f: [0xbe], F: [0xbf] };
/** Instructions that take the bits of a value. */
const TO_BITS = { f: [0xbc], F: [0xbd] };
const I64X2_SPLAT = [0xfd, 0x12];
const I64X2_EXTRACT_LANE = [0xfd, 0x1d];
const I64X2_REPLACE_LANE = [0xfd, 0x1e];

const modules = new Map();

/** The module called `key`, made by `bytes` when it is first asked for. */
function cached(key, bytes) {
  let module = modules.get(key);
  if (module === undefined) {
    module = new WebAssembly.Module(bytes());
    modules.set(key, module);
  }
  return module;
}

/** Calls `f` of this type: floats and vectors go and come as integers. */
export function caller(params, results, f) {
  const module = cached(`call ${params}>${results}`, () => callerBytes(params, results));
  return new WebAssembly.Instance(module, { '': { f } }).exports.f;
}

/** Reads a global of this type: `=` for one that is constant, `~` for one that is not. */
export function globalReader(mutability, type, global) {
  const key = `get ${mutability}${type}`;
  const module = cached(key, () => readerBytes(mutability, type));
  return new WebAssembly.Instance(module, { '': { f: global } }).exports.f;
}

/** `f` as a function that has a type when it is imported. */
export function hostFunction(signature, f) {
  const [params, results] = signature.split('>');
  const module = cached(`host ${signature}`, () => callerBytes(params, results));
  return new WebAssembly.Instance(module, { '': { f } }).exports.f;
}

const outside = (types) => [...types].map((type) => OUTSIDE[type]).join('');

function callerBytes(params, results) {
  const body = [];
  let local = 0;
  for (const type of params) {
    body.push(...valueOf(type, local));
    local += OUTSIDE[type].length;
  }
  body.push(CALL, 0);
  body.push(...bitsOf(results, local));
  return moduleOf({
    types: [
      [params, results],
      [outside(params), outside(results)],
    ],
    imported: [0x00, 0],
    locals: /[fFv]/.test(results) ? results : '',
    body,
    func: 1,
  });
}

function readerBytes(mutability, type) {
  return moduleOf({
    types: [['', outside(type)]],
    imported: [0x03, TYPE[type], mutability === '~' ? 1 : 0],
    locals: type,
    body: [GLOBAL_GET, 0, ...bitsOf(type, 0)],
    func: 0,
  });
}

/** Pushes the value of `type` whose bits are in the locals from `local` on. */
function valueOf(type, local) {
  if (type !== 'v') return [LOCAL_GET, local, ...(FROM_BITS[type] ?? [])];
  return [LOCAL_GET, local, ...I64X2_SPLAT, LOCAL_GET, local + 1, ...I64X2_REPLACE_LANE, 1];
}

/** Turns the values of `types` on the stack into their bits, by way of locals. */
function bitsOf(types, local) {
  if (!/[fFv]/.test(types)) return [];
  const body = [];
  for (let i = types.length - 1; i >= 0; i--) body.push(LOCAL_SET, local + i);
  [...types].forEach((type, i) => {
    const get = [LOCAL_GET, local + i];
    if (type === 'v') {
      body.push(...get, ...I64X2_EXTRACT_LANE, 0, ...get, ...I64X2_EXTRACT_LANE, 1);
    } else {
      body.push(...get, ...(TO_BITS[type] ?? []));
    }
  });
  return body;
}

/** A module that imports something as `"" "f"` and exports a function `"f"`. */
function moduleOf({ types, imported, locals, body, func }) {
  const valueTypes = (letters) => list([...letters].map((letter) => [TYPE[letter]]));
  const type = ([params, results]) => [0x60, ...valueTypes(params), ...valueTypes(results)];
  const code = [...list([...locals].map((letter) => [1, TYPE[letter]])), ...body, 0x0b];
  const exported = [1, 0x66, 0x00, imported[0] === 0x00 ? 1 : 0];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types.map(type))),
    ...section(2, list([[0, 1, 0x66, ...imported]])),
    ...section(3, list([[func]])),
    ...section(7, list([exported])),
    ...section(10, list([[...leb(code.length), ...code]])),
  ]);
}

const section = (id, bytes) => [id, ...leb(bytes.length), ...bytes];
const list = (items) => [...leb(items.length), ...items.flat()];

/** An unsigned integer as LEB128. */
function leb(value) {
  const bytes = [];
  for (; value >= 0x80; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
