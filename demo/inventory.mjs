// The shop's warehouse: an ES module. It knows nothing of tracing.
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const routes = {
  stock: async () => {
    await delay(25);
    return '12 pieces';
  },
  photos: async () => {
    await delay(60);
    return 'a blue lamp';
  },
  reserve: async () => 'reserved',
};

const server = createServer(async (request, response) => {
  const [, what] = request.url.split('/');
  const route = routes[what];
  if (route) response.end(await route());
  else response.writeHead(404).end('no such thing');
});

server.listen(process.env.PORT ?? 0, '127.0.0.1', () => {
  console.log(`inventory listens on http://127.0.0.1:${server.address().port}`);
});
