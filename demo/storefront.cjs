// The shop's front: a CommonJS program. It knows nothing of tracing.
const http = require('node:http');

const inventory = process.env.INVENTORY_URL;
// The pricing service is down today: nobody listens there.
const pricing = 'http://127.0.0.1:4';

/** GET by node:http, as a promise of the body. */
function get(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => (body += text));
      response.on('end', () => resolve(body));
    });
    request.on('error', reject);
  });
}

const routes = {
  'GET /': async () => 'Welcome to the shop',

  // One call by node:http and one by fetch, at the same time.
  'GET /cart': async () => {
    const [stock, photo] = await Promise.all([
      get(`${inventory}/stock/42?warehouse=north`),
      fetch(`${inventory}/photos/42`).then((response) => response.text()),
    ]);
    return `${stock} of ${photo}`;
  },

  // The URL carries a secret.
  'POST /checkout': async () => {
    const response = await fetch(`${inventory}/reserve/42?token=demo-token-8c1f&amount=2`, { method: 'POST' });
    return response.text();
  },

  // The call fails, and so does the request; its URL carries a secret too.
  'GET /price': () => get(`${pricing}/price/42?currency=EUR&token=demo-token-8c1f`),
};

const server = http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://storefront');
  const route = routes[`${request.method} ${pathname}`];
  try {
    if (route) response.end(await route());
    else response.writeHead(404).end('no such page');
  } catch (error) {
    response.writeHead(502).end(error.message);
  }
});

server.listen(process.env.PORT ?? 0, '127.0.0.1', () => {
  console.log(`storefront listens on http://127.0.0.1:${server.address().port}`);
});
