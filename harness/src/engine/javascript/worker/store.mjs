// Modules, instances and memories through the JavaScript API of WebAssembly.
//
// Outcomes are those of the protocol; what could not be made is `{ failed }`.

import { caller, globalReader, hostFunction } from './bridge.mjs';
import { digests } from './digest.mjs';
import { HostTrap, outcomeOf } from './outcomes.mjs';
import { Memories, compile, grow } from './rules.mjs';
import { fromResults, isPlain, toArguments } from './values.mjs';

const MINUS_ONE = -1n;
const OPERATIONS = { grow: 'I>I', size: '>I', read: 'I>I', write: 'Ii>i' };

/** Takes `"grow name.mem"` apart; `undefined` if it is none of the built-in instance. */
export function parseHost(name) {
  const space = name.indexOf(' ');
  const dot = name.indexOf('.', space);
  const op = name.slice(0, space);
  if (space < 0 || dot < 0 || !Object.hasOwn(OPERATIONS, op)) return undefined;
  return { op, instance: name.slice(space + 1, dot), memory: name.slice(dot + 1) };
}

/** What a script has made, and its embedder's side. */
export class Store {
  #registered = new Map();
  #memories = new Memories();
  /** To how many bytes the embedder grows a memory, where the engine has no limit. */
  #budget;

  constructor(budget) {
    this.#budget = budget;
  }

  compile(binary) {
    try {
      return compile(binary);
    } catch (error) {
      return { failed: outcomeOf(error) };
    }
  }

  instantiate(module, interfaces) {
    const imports = Object.create(null);
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      const item = from === 'host' ? this.#hostImport(name) : this.#exported(from, name);
      if (item === undefined) {
        const reason = `unknown import: ${JSON.stringify(from)} ${JSON.stringify(name)}`;
        return { failed: { Rejected: { stage: 'Link', reason } } };
      }
      (imports[from] ??= Object.create(null))[name] = item;
    }
    try {
      const { exports } = new WebAssembly.Instance(module, imports);
      this.#memories.add(exports);
      return { exports, interfaces, callers: new Map() };
    } catch (error) {
      return { failed: outcomeOf(error) };
    }
  }

  /** The outcome of a call, unless a rule of the API is broken behind it. */
  #checked(call) {
    let outcome;
    try {
      outcome = { Values: call() };
    } catch (error) {
      outcome = outcomeOf(error);
    }
    try {
      this.#memories.check();
    } catch (error) {
      return outcomeOf(error);
    }
    return outcome;
  }

  register(name, instance) {
    this.#registered.set(name, instance);
  }

  invoke(instance, name, values) {
    if (!Object.hasOwn(instance.interfaces.functions, name)) return 'Absent';
    const signature = instance.interfaces.functions[name];
    const at = signature.indexOf('>');
    const [params, results] = [signature.slice(0, at), signature.slice(at + 1)];
    if (signature.includes('?')) return { Unsupported: 'a type that no script has' };
    const given = toArguments(params, values);
    if (typeof given === 'string') return { Unsupported: given };
    return this.#checked(() => {
      let call = instance.callers.get(name);
      if (call === undefined) {
        const exported = instance.exports[name];
        const plain = isPlain(params) && isPlain(results);
        call = plain ? exported : caller(params, results, exported);
        instance.callers.set(name, call);
      }
      return fromResults(results, call(...given));
    });
  }

  invokeHost(func, values) {
    const [params, results] = OPERATIONS[func.op].split('>');
    const given = toArguments(params, values);
    if (typeof given === 'string') return { Unsupported: given };
    return this.#checked(() => fromResults(results, this.#host(func, given)));
  }

  get(instance, name) {
    if (!Object.hasOwn(instance.interfaces.globals, name)) return 'Absent';
    const [mutability, type] = instance.interfaces.globals[name];
    if (type === '?') return { Unsupported: 'a type that no script has' };
    try {
      const global = instance.exports[name];
      const value = isPlain(type) ? global.value : globalReader(mutability, type, global)();
      return { Values: fromResults(type, value) };
    } catch (error) {
      return outcomeOf(error);
    }
  }

  /** Size in bytes and digests; `undefined` if there is no such memory. */
  memory(instance, name, watch) {
    const memory = instance?.exports[name];
    if (!(memory instanceof WebAssembly.Memory)) return undefined;
    const { buffer } = memory;
    return { bytes: buffer.byteLength, chunks: digests(buffer, watch) };
  }

  /** The bytes from `start` on, `length` of them, fewer at the end. */
  read(instance, name, start, length) {
    const memory = instance.exports[name];
    if (!(memory instanceof WebAssembly.Memory)) return new Uint8Array();
    const { buffer } = memory;
    const from = Math.min(start, buffer.byteLength);
    return new Uint8Array(buffer, from, Math.min(length, buffer.byteLength - from));
  }

  #exported(from, name) {
    const exports = this.#registered.get(from)?.exports;
    return exports !== undefined && Object.hasOwn(exports, name) ? exports[name] : undefined;
  }

  #hostImport(name) {
    const func = parseHost(name);
    if (func === undefined) return undefined;
    return hostFunction(OPERATIONS[func.op], (...given) => this.#host(func, given));
  }

  /** Does to a memory what the built-in instance can do, see harness/src/script/mod.rs. */
  #host({ op, instance, memory: name }, given) {
    const found = this.#registered.get(instance);
    const memory = found?.exports[name];
    if (!(memory instanceof WebAssembly.Memory)) throw new HostTrap();
    const { buffer } = memory;
    const operand = op === 'size' ? 0n : BigInt.asUintN(64, given[0]);
    switch (op) {
      case 'size':
        return BigInt(buffer.byteLength / 65536);
      case 'grow':
        if (operand * 65536n + BigInt(buffer.byteLength) > this.#budget) return MINUS_ONE;
        return hostGrow(memory, found.interfaces.memories[name], operand);
      case 'read':
        if (operand >= BigInt(buffer.byteLength)) return MINUS_ONE;
        return BigInt(new Uint8Array(buffer, Number(operand), 1)[0]);
      case 'write':
        if (operand >= BigInt(buffer.byteLength)) return -1;
        new Uint8Array(buffer, Number(operand), 1)[0] = given[1];
        return 0;
    }
  }
}

/** Grows a memory: the size before in pages, -1 where the engine refuses. */
function hostGrow(memory, addressBits, pages) {
  // Beyond what the method takes: it throws another error, for the same reason.
  if (addressBits === 32 && pages > 0xffffffffn) return MINUS_ONE;
  try {
    return BigInt(grow(memory, addressBits === 64 ? pages : Number(pages)));
  } catch (error) {
    if (error instanceof RangeError) return MINUS_ONE;
    throw error;
  }
}
