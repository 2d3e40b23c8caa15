// A worker around the engine that runs this file: requests come on standard input
// as frames of JSON.
//
// `main.mjs NAME` where NAME is what the configuration is called here, without a
// version: `node/liftoff`.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { Frames } from './frames.mjs';
import { Server } from './serve.mjs';

// Ctrl-C reaches the whole process group, and is for the campaign.
process.on('SIGINT', () => {});
// Nobody looks at stack traces, and taking them costs time at every trap.
Error.stackTraceLimit = 0;

// It has to run before this thread waits for input without its event loop.
const orphan = new Worker(new URL('./orphan.mjs', import.meta.url), { stdout: true, stderr: true });
await once(orphan, 'online');
orphan.unref();

const frames = new Frames();
const server = new Server(process.argv[2], (message) => frames.write(message));
server.open();
for (let request; (request = frames.read()) !== null; ) server.answer(request);
process.exit(0);
