// What the configuration turns on and off.
import { libraryTest } from './library-project.ts';

libraryTest('files and names are no spans', { fixture: 'files', links: {}, tree: 'SERVER GET 200' });

libraryTest('files and names are spans when they are asked for', {
  fixture: 'files',
  links: {},
  config: 'instrumentations: { fs: true, dns: true }',
  order: 'text',
  tree: `
    CLIENT dns.lookup
    SERVER GET 200
      CLIENT dns.lookup
      INTERNAL fs readFile
  `,
});

libraryTest('requests are no spans when http is off', {
  fixture: 'express',
  links: { express: 'express' },
  env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' },
  requests: ['/users/7'],
  tree: '',
});

libraryTest('routes are not read when the framework is off', {
  fixture: 'fastify',
  links: { fastify: 'fastify' },
  env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fastify' },
  requests: ['/users/7'],
  tree: 'SERVER GET 200',
});

libraryTest('options reach the instrumentation', {
  fixture: 'ioredis',
  links: { ioredis: 'ioredis' },
  service: 'redis',
  config: 'instrumentations: { ioredis: { requireParentSpan: false } }',
  attributes: [],
  order: 'text',
  tree: `
    CLIENT connect
    CLIENT hello
    SERVER GET 200
      CLIENT auth
      CLIENT get
      CLIENT set
  `,
});
