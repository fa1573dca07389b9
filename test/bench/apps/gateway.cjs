// Loaded by test/bench/load.ts: every request makes one of its own, two spans across an await, and a secret in a URL.
const { createServer } = require('node:http');

const url = `${process.env.BACKEND}/stock/42?token=secret-value-123&page=2`;
const server = createServer(async (request, response) => {
  const stock = await fetch(url);
  response.end(await stock.text());
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
