// A worker around the engine that runs this file: answers requests that come on
// standard input as frames of JSON, see harness/src/worker/protocol.rs.
//
// `main.mjs NAME` where NAME is what the configuration is called here, without a
// version: `node/liftoff`.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { Frames } from './frames.mjs';
import { declared, imposeBudget } from './host.mjs';
import { observe } from './run.mjs';

/** The protocol that is spoken. */
const VERSION = 6;

// Ctrl-C reaches the whole process group, and is for the campaign.
process.on('SIGINT', () => {});
// Nobody looks at stack traces, and taking them costs time at every trap.
Error.stackTraceLimit = 0;

// It has to run before this thread waits for input without its event loop.
const orphan = new Worker(new URL('./orphan.mjs', import.meta.url), { stdout: true, stderr: true });
await once(orphan, 'online');
orphan.unref();

const name = process.argv[2];
const own = declared(name);
const frames = new Frames();
frames.write({ Hello: { version: VERSION, configurations: [own] } });

for (let request; (request = frames.read()) !== null; ) {
  const { id, configurations } = request;
  const limited = imposeBudget(request.budget);
  configurations.forEach((asked, configuration) => {
    const observation =
      asked === own.name
        ? { Ok: observe(request, own.features, limited) }
        : { Err: `no configuration is called ${asked}` };
    frames.write({ Observed: { id, configuration, observation } });
  });
}
process.exit(0);
