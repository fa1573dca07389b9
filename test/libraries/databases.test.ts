// Databases and brokers: their spans lie below the request that asked, and no password is in them.
import { libraryTest } from './library-project.ts';

libraryTest('pg', {
  links: { pg: 'pg' },
  service: 'postgres',
  requests: ['/', '/failing'],
  attributes: ['db.system.name', 'db.namespace', 'db.query.text', 'server.address', 'server.port'],
  secrets: ['hunter2secret', 'secret-parameter'],
  tree: `
    SERVER GET 200 server.address=127.0.0.1 server.port=<port>
      CLIENT pg-pool.connect db.system.name=postgresql db.namespace=test server.address=127.0.0.1 server.port=<port>
        CLIENT pg.connect db.system.name=postgresql db.namespace=test server.address=127.0.0.1 server.port=<port>
      CLIENT pg.query:SELECT test db.system.name=postgresql db.namespace=test db.query.text="SELECT $1::text AS name, 'password=REDACTED' AS note" server.address=127.0.0.1 server.port=<port>
    SERVER GET 200 server.address=127.0.0.1 server.port=<port>
      CLIENT pg-pool.connect db.system.name=postgresql db.namespace=test server.address=127.0.0.1 server.port=<port>
      CLIENT pg.query:SELECT test ERROR "relation \\"no_such_table\\" does not exist" db.system.name=postgresql db.namespace=test db.query.text="SELECT * FROM no_such_table" server.address=127.0.0.1 server.port=<port>
  `,
});

for (const version of ['ioredis', 'ioredis-5']) {
  libraryTest(version, {
    fixture: 'ioredis',
    isVariant: version !== 'ioredis',
    links: { ioredis: version },
    service: 'redis',
    attributes: ['db.system.name', 'db.query.text'],
    secrets: ['hunter2secret'],
    tree: `
      SERVER GET 200
        CLIENT set db.system.name=redis db.query.text="set tracing:ioredis [1 other arguments]"
        CLIENT auth db.system.name=redis db.query.text="auth [2 other arguments]"
        CLIENT get db.system.name=redis db.query.text="get tracing:ioredis"
    `,
  });
}

libraryTest('mysql2', {
  links: { mysql2: 'mysql2' },
  service: 'mariadb',
  requests: ['/', '/failing'],
  attributes: ['db.system.name', 'db.namespace', 'db.query.text'],
  secrets: ['hunter2secret', 'secret-parameter'],
  tree: `
    SERVER GET 200
      CLIENT SELECT db.system.name=mysql db.namespace=test db.query.text="SELECT ? AS name, 'password=REDACTED' AS note"
    SERVER GET 200
      CLIENT SELECT ERROR "Table 'test.no_such_table' doesn't exist" db.system.name=mysql db.namespace=test db.query.text="SELECT * FROM no_such_table"
  `,
});

libraryTest('mysql', {
  links: { mysql: 'mysql' },
  service: 'mariadb',
  requests: ['/', '/failing'],
  attributes: ['db.system.name', 'db.namespace', 'db.query.text'],
  secrets: ['hunter2secret', 'secret-parameter'],
  tree: `
    SERVER GET 200
      CLIENT SELECT db.system.name=mysql db.namespace=test db.query.text="SELECT ? AS name, 'password=REDACTED' AS note"
        CLIENT SELECT db.system.name=mysql db.namespace=test db.query.text="SELECT ? AS name, 'password=REDACTED' AS note"
    SERVER GET 200
      CLIENT SELECT ERROR "ER_NO_SUCH_TABLE: Table 'test.no_such_table' doesn't exist" db.system.name=mysql db.namespace=test db.query.text="SELECT * FROM no_such_table"
        CLIENT SELECT ERROR "ER_NO_SUCH_TABLE: Table 'test.no_such_table' doesn't exist" db.system.name=mysql db.namespace=test db.query.text="SELECT * FROM no_such_table"
  `,
});

for (const version of ['redis', 'redis-4', 'redis-5']) {
  libraryTest(version, {
    fixture: 'redis',
    isVariant: version !== 'redis',
    links: { redis: version },
    service: 'redis',
    order: 'text',
    attributes: ['db.system.name', 'db.query.text'],
    secrets: ['hunter2secret'],
    tree: `
      CLIENT redis-connect db.system.name=redis
      SERVER GET 200
        CLIENT redis-DEL db.system.name=redis db.query.text="DEL tracing:redis"
        CLIENT redis-GET db.system.name=redis db.query.text="GET tracing:redis"
        CLIENT redis-SET db.system.name=redis db.query.text="SET tracing:redis [1 other arguments]"
    `,
  });
}

libraryTest('amqplib', {
  links: { amqplib: 'amqplib' },
  service: 'rabbitmq',
  attributes: ['messaging.system', 'messaging.operation.name', 'server.address'],
  secrets: ['guest:guest'],
  tree: `
    SERVER GET 200 server.address=127.0.0.1
      PRODUCER publish <default> messaging.system=rabbitmq server.address=127.0.0.1
        CONSUMER … process messaging.system=rabbitmq server.address=127.0.0.1
  `,
});

libraryTest('graphql', {
  links: { graphql: 'graphql' },
  requests: ['/', '/failing'],
  attributes: ['graphql.operation.type', 'graphql.document', 'graphql.source'],
  tree: `
    INTERNAL graphql.parseSchema
    SERVER GET 200
      INTERNAL graphql.parse graphql.source="{ user(id: \\"*\\") { name } }"
      INTERNAL graphql.validate
      INTERNAL query graphql.operation.type=query graphql.source="{ user(id: \\"*\\") { name } }"
        INTERNAL graphql.resolve user graphql.source=" user(id: \\"*\\") { name }"
    SERVER GET 200
      INTERNAL graphql.parse
  `,
});

libraryTest('knex', {
  links: { knex: 'knex', pg: 'pg' },
  service: 'postgres',
  attributes: ['db.query.text'],
  secrets: ['hunter2secret', 'secret-parameter'],
  tree: `
    SERVER GET 200
      CLIENT pg.connect
      CLIENT pg.query:SELECT test db.query.text="select version();"
      CLIENT select test db.query.text="select ? as name"
        CLIENT pg.query:SELECT test db.query.text="select $1 as name"
  `,
});

libraryTest('pools', {
  links: { 'generic-pool': 'generic-pool', dataloader: 'dataloader' },
  tree: `
    SERVER GET 200
      INTERNAL generic-pool.acquire
      CLIENT dataloader.load
        INTERNAL dataloader.batch
  `,
});
