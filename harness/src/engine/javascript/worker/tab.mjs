// A worker in a page of a browser: requests come as messages of a WebSocket.
//
// The thread is called like the configuration: `chromium/liftoff`.

import { Server } from './serve.mjs';

Error.stackTraceLimit = 0;

const url = new URL('socket', location.href);
url.protocol = 'ws:';
const socket = new WebSocket(url);
const server = new Server(self.name, (message) => socket.send(JSON.stringify(message)));
socket.onopen = () => server.open();
socket.onmessage = ({ data }) => server.answer(JSON.parse(data));
