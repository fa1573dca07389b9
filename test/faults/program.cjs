// The program of the fault table: a server that can be told to end in every way that a process ends. It says its port by IPC, and when it is
// asked, how many requests it got.
'use strict';
const { createServer } = require('node:http');

/** By path: what happens in the middle of the request. */
const ends = {
  '/exit': () => process.exit(3),
  '/throw': () => {
    setImmediate(() => {
      throw new Error('thrown on purpose');
    });
  },
  '/reject': () => void Promise.reject(new Error('rejected on purpose')),
  '/abort': () => process.abort(),
  '/natural': (response) => {
    response.end('bye');
    server.close();
    server.closeIdleConnections();
    process.disconnect?.();
  },
};

let count = 0;
const server = createServer((request, response) => {
  count++;
  const end = ends[request.url];
  if (end !== undefined) return end(response);
  response.end('hello');
});
process.on('message', () => process.send({ count }));
// Who listens to its parent would live as long as that does.
process.channel.unref();
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
