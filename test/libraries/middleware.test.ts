// With `middleware: true` a framework's own instrumentation makes its spans, and the routes stay right.
import { libraryTest } from './library-project.ts';

const trees: Readonly<Record<string, string>> = {
  connect: `
    SERVER GET 404
      INTERNAL middleware - anonymous
  `,
  fastify: `
    SERVER GET /users/:id 200
      INTERNAL request 200
        INTERNAL preHandler - fastify -> @fastify/otel
        INTERNAL handler - fastify -> @fastify/otel
  `,
  hapi: `
    SERVER GET /users/{id} 200
      INTERNAL route - /users/{id}
  `,
  koa: `
    SERVER GET /users/:id 200
      INTERNAL middleware - anonymous
        INTERNAL router - /users/:id
  `,
  restify: `
    SERVER GET /users/:id 200
      INTERNAL middleware - anonymous
        INTERNAL request handler - /users/:id
  `,
  router: `
    SERVER GET /users/:id 200
      INTERNAL request handler - /users/:id
  `,
};

for (const [name, tree] of Object.entries(trees)) {
  const main = name === 'hapi' ? '@hapi/hapi' : name;
  libraryTest(`${name}, with its middleware`, {
    fixture: name,
    links: { [main]: main, ...(name === 'koa' && { '@koa/router': '@koa/router' }) },
    config: `instrumentations: { ${name}: { middleware: true } }`,
    requests: ['/users/7'],
    tree,
  });
}
