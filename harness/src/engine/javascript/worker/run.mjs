// Walks a script over the engine, as harness/src/engine/driver.rs does for those
// that are linked in.

import { breach } from './outcomes.mjs';
import { constructorBreach } from './rules.mjs';
import { Store, parseHost } from './store.mjs';
import { covers, missing } from './features.mjs';
import { fromHex, toHex } from './bytes.mjs';

const CHUNK = 65536;
const DONE = { Values: [] };
/** What is known of the constructor of memories; the same for every script. */
let constructors;

/** Runs the script of a request in a store of its own. */
export function observe(request, features, limited) {
  return new Run(request, features, limited).run();
}

class Run {
  #request;
  #features;
  #limited;
  #store;
  #modules = new Map();
  #instances = new Map();
  /** The memories that can be looked at, in order of instantiation. */
  #observable = [];
  #captured = [];
  #timing = { compile: 0, instantiate: 0, call: 0, read_back: 0, teardown: 0 };

  constructor(request, features, limited) {
    this.#request = request;
    this.#features = features;
    this.#limited = limited;
    this.#store = new Store(limited ? Infinity : request.budget.memory_bytes);
  }

  run() {
    const { script, watch, past_exhaustion: pastExhaustion } = this.#request;
    const last = script.steps.length - 1;
    const afterTrap = { ...watch, full: watch.full_after_trap };
    const steps = [];
    for (let index = 0; index <= last; index++) {
      const outcome = this.#step(index, script.steps[index]);
      const stop =
        outcome === 'Exhausted' ? !pastExhaustion : outcome.Panic !== undefined;
      let memories = [];
      if (stop) {
        // What is in the memories now says nothing.
      } else if (index === last) {
        memories = this.#look(watch);
      } else if (outcome.Trap && (watch.traps?.includes(index) ?? true)) {
        memories = this.#look(afterTrap);
      }
      this.#capture(index);
      steps.push({ outcome, memories });
      if (stop) break;
    }
    const timing = {};
    for (const part in this.#timing) timing[part] = Math.round(this.#timing[part] * 1e6);
    return { steps, captured: this.#captured, timing };
  }

  #step(index, step) {
    // As any step would: it does not depend on the script.
    constructors ??= { breach: constructorBreach(this.#has('threads'), this.#has('memory64')) };
    if (constructors.breach !== undefined) return breach(constructors.breach);
    if (step.Invoke) return this.#timed('call', () => this.#invoke(step.Invoke));
    if (step.Define) return this.#define(index, step.Define);
    if (step.Instantiate) return this.#instantiate(step.Instantiate);
    if (step.Register) {
      const instance = this.#instances.get(step.Register.instance);
      if (instance === undefined) return 'Absent';
      this.#store.register(step.Register.name, instance);
      return DONE;
    }
    if (step.Get) {
      const instance = this.#instances.get(step.Get.instance);
      if (instance === undefined) return 'Absent';
      return this.#store.get(instance, step.Get.global);
    }
    if (step.Thread) return { Unsupported: 'threads of a script' };
    return 'Absent';
  }

  #has(feature) {
    return covers(this.#features, feature);
  }

  #define(index, { module, wasm }) {
    // What is asked of this name now must not go to another module.
    this.#modules.delete(module);
    const facts = this.#request.modules[index];
    const lacks = missing(facts.needs, this.#features);
    if (lacks) return { Unsupported: lacks };
    const interfaces = this.#request.interfaces[index];
    if (!this.#limited && interfaces.largest_memory > this.#request.budget.memory_bytes) {
      return { Unsupported: 'a limit below the maximum of a memory' };
    }
    const binary = fromHex(wasm);
    const made = this.#timed('compile', () => this.#store.compile(binary));
    if (made.failed) return made.failed;
    this.#modules.set(module, { module: made, interfaces, memories: facts.memories });
    return DONE;
  }

  #instantiate({ instance, module }) {
    // Whether one is made or not, the name is not another's any more.
    this.#instances.delete(instance);
    this.#observable = this.#observable.filter(([name]) => name !== instance);
    const known = this.#modules.get(module);
    if (known === undefined) return 'Absent';
    const { interfaces, memories } = known;
    const made = this.#timed('instantiate', () =>
      this.#store.instantiate(known.module, interfaces),
    );
    if (made.failed) return made.failed;
    this.#observable.push([instance, memories]);
    this.#instances.set(instance, made);
    return DONE;
  }

  #invoke({ instance, func, args }) {
    if (instance === 'host') {
      const parsed = parseHost(func);
      return parsed ? this.#store.invokeHost(parsed, args) : 'Absent';
    }
    const found = this.#instances.get(instance);
    return found === undefined ? 'Absent' : this.#store.invoke(found, func, args);
  }

  /** The state of every observable memory. */
  #look(watch) {
    return this.#timed('read_back', () => {
      const states = [];
      for (const [instance, exports] of this.#observable) {
        for (const name of exports) {
          const seen = this.#store.memory(this.#instances.get(instance), name, watch);
          if (seen) states.push({ instance, export: name, ...seen });
        }
      }
      return states;
    });
  }

  #capture(index) {
    for (const capture of this.#request.captures) {
      if (capture.step !== index) continue;
      const instance = this.#instances.get(capture.instance);
      if (instance === undefined) continue;
      const bytes = this.#store.read(instance, capture.export, capture.chunk * CHUNK, CHUNK);
      this.#captured.push([capture, toHex(bytes)]);
    }
  }

  #timed(part, work) {
    const began = performance.now();
    try {
      return work();
    } finally {
      this.#timing[part] += performance.now() - began;
    }
  }
}
