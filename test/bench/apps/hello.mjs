// Loaded by test/bench/load.ts: the same as an ES module.
import { createServer } from 'node:http';

const server = createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
