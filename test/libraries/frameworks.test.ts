// Every web framework names the server span by the route that answers, and makes no span of its own unless asked.
import { libraryTest } from './library-project.ts';

const attributes = ['http.route'];
const head = ['/users/7', { method: 'HEAD' }] as const;
const options = ['/users/7', { method: 'OPTIONS' }] as const;

for (const version of ['express', 'express-4']) {
  libraryTest(version, {
    fixture: 'express',
    isVariant: version !== 'express',
    links: { express: version },
    requests: [
      '/',
      '/users/7?page=2',
      '/failing',
      '/passing',
      '/shops/4/orders',
      '/shops/4/orders/9',
      '/admin/stats/today',
      '/private/page',
      '/nowhere',
      ['/users/7', { method: 'DELETE' }],
      head,
      options,
    ],
    attributes,
    tree: `
      SERVER GET / 200 http.route=/
      SERVER GET /users/:id 200 http.route=/users/:id
      SERVER GET /failing 500 ERROR http.route=/failing
      SERVER GET 404
      SERVER GET /shops/:shop/orders 200 http.route=/shops/:shop/orders
      SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
      SERVER GET /admin/stats/:day 200 http.route=/admin/stats/:day
      SERVER GET 401
      SERVER GET 404
      SERVER DELETE 404
      SERVER HEAD /users/:id 200 http.route=/users/:id
      SERVER OPTIONS 200
    `,
  });
}

for (const version of ['fastify', 'fastify-4']) {
  libraryTest(version, {
    fixture: 'fastify',
    isVariant: version !== 'fastify',
    links: { fastify: version },
    requests: [
      '/',
      '/users/7',
      '/shops/4/orders/9',
      ['/users/7', { headers: { 'x-stop': '1' } }],
      '/nowhere',
      '/failing',
      head,
      options,
    ],
    attributes,
    tree: `
      SERVER GET / 200 http.route=/
      SERVER GET /users/:id 200 http.route=/users/:id
      SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
      SERVER GET /users/:id 401 http.route=/users/:id
      SERVER GET 404
      SERVER GET /failing 500 ERROR http.route=/failing
      SERVER HEAD /users/:id 200 http.route=/users/:id
      SERVER OPTIONS 404
    `,
  });
}

libraryTest('koa', {
  links: { koa: 'koa', '@koa/router': '@koa/router' },
  requests: [
    '/users/7',
    '/shops/4/orders/9',
    '/private',
    '/nowhere',
    '/areas/5/shops/4/orders/9',
    '/failing',
    head,
    options,
  ],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 401
    SERVER GET 404
    SERVER GET /areas/:area/shops/:shop/orders/:order 200 http.route=/areas/:area/shops/:shop/orders/:order
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD /users/:id 200 http.route=/users/:id
    SERVER OPTIONS 200
  `,
});

libraryTest('hapi', {
  links: { '@hapi/hapi': '@hapi/hapi' },
  requests: ['/users/7', '/shops/4/orders/9', '/nowhere', '/failing', head, options],
  attributes,
  tree: `
    SERVER GET /users/{id} 200 http.route=/users/{id}
    SERVER GET /shops/{shop}/orders/{order} 200 http.route=/shops/{shop}/orders/{order}
    SERVER GET 404
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD /users/{id} 200 http.route=/users/{id}
    SERVER OPTIONS 404
  `,
});

libraryTest('hono', {
  links: { hono: 'hono', '@hono/node-server': '@hono/node-server' },
  requests: ['/users/7', '/shops/4/orders/9', '/private/page', '/nowhere', '/failing', head, options],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 401
    SERVER GET 404
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD /users/:id 200 http.route=/users/:id
    SERVER OPTIONS 404
  `,
});

libraryTest('restify', {
  links: { restify: 'restify' },
  requests: ['/users/7', '/private', '/nowhere', '/failing', head, options],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET 401
    SERVER GET 404
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD 405
    SERVER OPTIONS 405
  `,
});

libraryTest('connect', {
  links: { connect: 'connect' },
  requests: ['/api/users/7', '/passing', '/api/nowhere', '/failing', ['/api/users/7', { method: 'HEAD' }]],
  attributes,
  tree: `
    SERVER GET /api/users 200 http.route=/api/users
    SERVER GET 404
    SERVER GET 404
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD /api/users 200 http.route=/api/users
  `,
});

libraryTest('router', {
  links: { router: 'router' },
  requests: ['/users/7', '/shops/4/orders/9', '/nowhere', '/failing', head, options],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 404
    SERVER GET /failing 500 ERROR http.route=/failing
    SERVER HEAD /users/:id 200 http.route=/users/:id
    SERVER OPTIONS 200
  `,
});

libraryTest('express, with its middleware', {
  fixture: 'express',
  links: { express: 'express-4' },
  config: 'instrumentations: { express: { middleware: true } }',
  requests: ['/users/7', '/private/page', '/nowhere'],
  order: 'text',
  tree: `
    SERVER GET /users/:id 200
      INTERNAL middleware - <anonymous>
      INTERNAL middleware - expressInit
      INTERNAL middleware - query
      INTERNAL request handler - /users/:id
    SERVER GET 401
      INTERNAL middleware - <anonymous>
      INTERNAL middleware - <anonymous>
      INTERNAL middleware - expressInit
      INTERNAL middleware - query
    SERVER GET 404
      INTERNAL middleware - <anonymous>
      INTERNAL middleware - expressInit
      INTERNAL middleware - query
  `,
});

libraryTest('nestjs', {
  links: Object.fromEntries(
    ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'].map((name) => [
      name,
      name,
    ]),
  ),
  requests: ['/users/7', '/users/hidden/page', '/nowhere', head, options],
  attributes,
  tree: `
    INTERNAL Create Nest App
    SERVER GET /users/:id 200 http.route=/users/:id
      INTERNAL Users.find http.route=/users/:id
        INTERNAL find
    SERVER GET /users/hidden/page 403 http.route=/users/hidden/page
      INTERNAL Users.hidden ERROR "Forbidden resource" http.route=/users/hidden/page
    SERVER GET 404
    SERVER HEAD /users/:id 200 http.route=/users/:id
      INTERNAL Users.find http.route=/users/:id
        INTERNAL find
    SERVER OPTIONS 404
  `,
});

libraryTest('nestjs on fastify', {
  isVariant: true,
  fixture: 'nestjs-fastify',
  links: Object.fromEntries(
    ['@nestjs/common', '@nestjs/core', '@nestjs/platform-fastify', 'reflect-metadata', 'rxjs'].map((name) => [
      name,
      name,
    ]),
  ),
  requests: ['/api/users/7', '/api/users/13', '/nowhere'],
  attributes,
  tree: `
    INTERNAL Create Nest App
    SERVER GET /api/users/:id 200 http.route=/api/users/:id
      INTERNAL Users.find http.route=/api/users/:id
        INTERNAL find
    SERVER GET /api/users/:id 500 ERROR http.route=/api/users/:id
      INTERNAL Users.find ERROR "no luck" http.route=/api/users/:id
        INTERNAL find ERROR "no luck"
    SERVER GET 404
  `,
});

libraryTest('koa-2', {
  isVariant: true,
  fixture: 'koa',
  links: { koa: 'koa-2', '@koa/router': '@koa/router' },
  requests: ['/users/7', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET 404
  `,
});

libraryTest('express inside fastify', {
  fixture: 'nested-fastify',
  links: { fastify: 'fastify', '@fastify/express': '@fastify/express', express: 'express' },
  requests: ['/legacy/users/7', '/stock/4', '/legacy/nowhere', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /legacy/users/:id 200 http.route=/legacy/users/:id
    SERVER GET /stock/:item 200 http.route=/stock/:item
    SERVER GET 404
    SERVER GET 404
  `,
});

libraryTest('koa inside express inside connect', {
  fixture: 'nested-connect',
  links: { connect: 'connect', express: 'express', koa: 'koa', '@koa/router': '@koa/router' },
  requests: ['/api/users/7', '/api/koa/shops/4', '/api/koa/nowhere', '/api/nowhere', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /api/users/:id 200 http.route=/api/users/:id
    SERVER GET /api/koa/shops/:shop 200 http.route=/api/koa/shops/:shop
    SERVER GET 404
    SERVER GET 404
    SERVER GET 404
  `,
});
