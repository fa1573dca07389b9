// Every web framework names the server span by the route that answers, and makes no span of its own unless asked.
import { libraryTest } from './library-project.ts';

const attributes = ['http.route'];

for (const version of ['express', 'express-4']) {
  libraryTest(version, {
    fixture: 'express',
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
    `,
  });
}

for (const version of ['fastify', 'fastify-4']) {
  libraryTest(version, {
    fixture: 'fastify',
    links: { fastify: version },
    requests: ['/', '/users/7', '/shops/4/orders/9', ['/users/7', { headers: { 'x-stop': '1' } }], '/nowhere'],
    attributes,
    tree: `
      SERVER GET / 200 http.route=/
      SERVER GET /users/:id 200 http.route=/users/:id
      SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
      SERVER GET /users/:id 401 http.route=/users/:id
      SERVER GET 404
    `,
  });
}

libraryTest('koa', {
  links: { koa: 'koa', '@koa/router': '@koa/router' },
  requests: ['/users/7', '/shops/4/orders/9', '/private', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 401
    SERVER GET 404
  `,
});

libraryTest('hapi', {
  links: { '@hapi/hapi': '@hapi/hapi' },
  requests: ['/users/7', '/shops/4/orders/9', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/{id} 200 http.route=/users/{id}
    SERVER GET /shops/{shop}/orders/{order} 200 http.route=/shops/{shop}/orders/{order}
    SERVER GET 404
  `,
});

libraryTest('hono', {
  links: { hono: 'hono', '@hono/node-server': '@hono/node-server' },
  requests: ['/users/7', '/shops/4/orders/9', '/private/page', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 401
    SERVER GET 404
  `,
});

libraryTest('restify', {
  links: { restify: 'restify' },
  requests: ['/users/7', '/private', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET 401
    SERVER GET 404
  `,
});

libraryTest('connect', {
  links: { connect: 'connect' },
  requests: ['/api/users/7', '/passing', '/api/nowhere'],
  attributes,
  tree: `
    SERVER GET /api/users 200 http.route=/api/users
    SERVER GET 404
    SERVER GET 404
  `,
});

libraryTest('router', {
  links: { router: 'router' },
  requests: ['/users/7', '/shops/4/orders/9', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET /shops/:shop/orders/:order 200 http.route=/shops/:shop/orders/:order
    SERVER GET 404
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
  requests: ['/users/7', '/users/hidden/page', '/nowhere'],
  attributes,
  tree: `
    INTERNAL Create Nest App
    SERVER GET /users/:id 200 http.route=/users/:id
      INTERNAL Users.find http.route=/users/:id
        INTERNAL find
    SERVER GET /users/hidden/page 403 http.route=/users/hidden/page
      INTERNAL Users.hidden ERROR "Forbidden resource" http.route=/users/hidden/page
    SERVER GET 404
  `,
});

libraryTest('nestjs-fastify', {
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
  fixture: 'koa',
  links: { koa: 'koa-2', '@koa/router': '@koa/router' },
  requests: ['/users/7', '/nowhere'],
  attributes,
  tree: `
    SERVER GET /users/:id 200 http.route=/users/:id
    SERVER GET 404
  `,
});
