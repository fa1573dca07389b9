// Loaded by test/bench/load.ts: a bare server, where an agent weighs the most.
const { createServer } = require('node:http');

const server = createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
