// HTTP -> framework -> database and cache -> outgoing HTTP: one trace.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closeAfter } from '../support/close-after.ts';
import { startProgram } from '../support/run-program.ts';
import { agentFlags } from '../support/run-program.ts';
import { requireService } from '../support/services.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startSurroundings } from '../integration/traced.ts';
import { createProgram } from './library-project.ts';

const SOURCE = `import { createServer } from 'node:http';
import express from 'express';
import pg from 'pg';
import { ready } from './serve.cjs';

const pool = new pg.Pool({ connectionString: 'postgres://root:hunter2secret@127.0.0.1:5432/test', max: 1 });
const app = express();
app.get('/users/:id', async (request, response) => {
  const { rows } = await pool.query('SELECT $1::int AS id', [request.params.id]);
  const answer = await fetch(process.env.BACKEND + '/stock/' + rows[0].id);
  response.send(await answer.text());
});
ready(createServer(app));
`;

suite('one trace from HTTP over express and pg to HTTP', { concurrency: 2, timeout: 240_000 }, () => {
  for (const style of ['ES modules', 'CommonJS'] as const) {
    test(style, async (t) => {
      if ((await requireService(t, 'postgres')) === undefined) return;
      const { sink, backend, env } = await startSurroundings(t);
      const source = createProgram(t, SOURCE, style, { express: 'express', pg: 'pg' });
      const program = await closeAfter(t, startProgram({ program: source, flags: agentFlags, env, ipc: false }));
      const traceId = '0af7651916cd43dd8448eb211c80319c';
      const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
      const response = await fetch(`http://127.0.0.1:${program.port}/users/7`, { headers });
      assert.equal(await response.text(), 'GET /stock/7');
      await program.kill();
      assertTrees(
        sink.spans,
        `
          SERVER GET /users/:id 200 (remote parent)
            CLIENT pg-pool.connect
              CLIENT pg.connect
            CLIENT pg.query:SELECT test
            CLIENT GET 200
        `,
      );
      assert.deepEqual([...new Set(sink.spans.map((span) => span.traceId))], [traceId]);
      assert.match(String(backend.requests[0]?.headers['traceparent']), new RegExp(`^00-${traceId}-`));
    });
  }
});
