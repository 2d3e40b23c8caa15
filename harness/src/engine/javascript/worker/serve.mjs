// Opens, and answers requests, whatever they come through: see
// harness/src/worker/protocol.rs.

import { declared, imposeBudget } from './host.mjs';
import { observe } from './run.mjs';

/** The protocol that is spoken. */
const VERSION = 7;

/** A worker with one configuration. */
export class Server {
  #own;
  #write;

  /**
   * `name` is what the configuration is called here, without a version:
   * `node/liftoff`. `write` sends a message.
   */
  constructor(name, write) {
    this.#own = declared(name);
    this.#write = write;
  }

  open() {
    this.#write({ Hello: { version: VERSION, configurations: [this.#own] } });
  }

  answer(request) {
    const { id, configurations } = request;
    const limited = imposeBudget(request.budget);
    configurations.forEach((asked, configuration) => {
      const observation =
        asked === this.#own.name
          ? { Ok: observe(request, this.#own.features, limited) }
          : { Err: `no configuration is called ${asked}` };
      this.#write({ Observed: { id, configuration, observation } });
    });
  }
}
