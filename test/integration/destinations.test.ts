// Where spans go beside one OTLP endpoint: real programs, real files, several receivers at once.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Backend, certificateFile, startBackend } from '../support/backend.ts';
import { createCalls } from '../support/call-many.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { type ReceivedSpan, decodeJson } from '../support/otlp-decode.ts';
import { type Answer, closedPort, startSink } from '../support/otlp-sink.ts';
import {
  type ProgramOptions,
  agentFlags,
  agentRequireFlags,
  patientFlags,
  runProgram,
  startProgram,
} from '../support/run-program.ts';

const SECRET = 'secret-value-123';

/** Calls BACKEND `calls` times, one after the other, then runs `then`. */
const callMany = (calls: number, then = ''): string =>
  createCalls({ calls, query: `token=${SECRET}`, after: `console.log('done'); ${then}` });

let backend: Backend;
let folder: string;
before(async () => {
  backend = await startBackend();
  folder = mkdtempSync(join(tmpdir(), 'tracing-destinations-'));
});
after(async () => {
  await backend.stop();
  rmSync(folder, { recursive: true });
});

const run = (code: string, env: NonNullable<ProgramOptions['env']>) =>
  runProgram({ code, flags: patientFlags, cwd: folder, env: { BACKEND: backend.url, ...env } });

const readSpans = (name: string): ReceivedSpan[] => {
  const lines = readFileSync(join(folder, name), 'utf8').split('\n');
  assert.equal(lines.pop(), '');
  return lines.flatMap((line) => decodeJson(Buffer.from(line)));
};

const WAYS = [
  ['while the program runs', 'setTimeout(() => {}, 300)'],
  ['at exit', 'process.exit()'],
] as const;

suite('export.file', { concurrency: 4 }, () => {
  const ends = [
    ['process.exit()', 'process.exit(3)', 3],
    ['a natural end', '', 0],
    ['SIGTERM', "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)", null],
    ['an uncaught exception', 'setImmediate(() => { throw new Error() })', 1],
    ['a new working directory', "process.chdir('/')", 0],
  ] as const;
  for (const [way, then, code] of casesOf(ends, 1)) {
    test(`holds every span, redacted, after ${way}`, async () => {
      const name = `${way.replaceAll(/\W/g, '')}.jsonl`;
      const exit = await run(callMany(5, then), { TRACING_FILE: name, OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' });
      assert.deepEqual([exit.code, exit.stdout], [code, 'done\n']);
      const spans = readSpans(name);
      // What the exit writes may overtake what was being written.
      assert.deepEqual(
        new Set(spans.map(({ attributes }) => attributes['url.full'])),
        new Set([0, 1, 2, 3, 4].map((index) => `${backend.url}/${index}?token=REDACTED`)),
      );
      assert.equal(spans.length, 5);
      assert.doesNotMatch(readFileSync(join(folder, name), 'utf8'), new RegExp(SECRET));
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    });
  }

  test('is shared by several processes', async () => {
    const env = { TRACING_FILE: 'shared.jsonl', OTEL_BSP_SCHEDULE_DELAY: '1', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '3' };
    const exits = await Promise.all([1, 2, 3].map(() => run(callMany(20), env)));
    assert.deepEqual(
      exits.map(({ stderr }) => stderr),
      ['', '', ''],
    );
    const spans = readSpans('shared.jsonl');
    assert.equal(spans.length, 60);
    assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, 60);
  });

  const badPlaces = [
    ['a full disk', '/dev/full', 'ENOSPC'],
    ['a missing folder', 'missing/spans.jsonl', 'ENOENT'],
    ['a folder', '.', 'EISDIR'],
  ] as const;
  for (const [what, path, reason] of casesOf(badPlaces, 1)) {
    test(`${what} costs the spans, is said, and nothing else`, async () => {
      const lost = new RegExp(
        `^tracing: 2 spans were lost on the way to ${path.replace('.', '\\.')}: ${reason}[^\\n]*\\n$`,
      );
      const exit = await run(callMany(2, 'process.exit(4)'), { TRACING_FILE: path });
      assert.deepEqual([exit.code, exit.stdout], [4, 'done\n']);
      assert.match(exit.stderr, lost);
    });
  }
});

suite('export.logfire', { concurrency: 4 }, () => {
  // Of no shape that redaction knows: what is hidden is hidden because nobody says it.
  const TOKEN = 'a-token-without-a-shape';

  for (const [how, then] of casesOf(WAYS, 1)) {
    test(`traces and, when asked for, metrics are sent with the token, ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const exit = await run(callMany(2, then), {
        LOGFIRE_TOKEN: TOKEN,
        LOGFIRE_BASE_URL: sink.url,
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_BSP_SCHEDULE_DELAY: '10',
      });
      assert.deepEqual([exit.code, exit.stderr], [0, '']);
      assert.equal(sink.spans.length, 2);
      assert.ok(sink.points.length > 0);
      for (const { headers } of sink.requests) {
        assert.equal(headers.authorization, TOKEN);
        assert.equal(headers['content-type'], 'application/x-protobuf');
        assert.equal(headers['content-encoding'], 'gzip');
      }
      assert.doesNotMatch(sink.rawText(), new RegExp(`${TOKEN}|${SECRET}`));
    });
  }

  const answers = [
    ['accepts', { accept: true }],
    ['answers 401', { status: 401 }],
    ['cuts the connection', { reset: 'request' }],
    ['quotes the token', { partialSuccess: { rejectedSpans: 1, errorMessage: `who is ${TOKEN}?` } }],
  ] satisfies [string, Answer][];
  const answered = answers.flatMap(([what, answer]) => WAYS.map(([how, then]) => [what, answer, how, then] as const));
  for (const [what, answer, how, then] of casesOf(answered, 2)) {
    test(`the token is in no output when the receiver ${what}, ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink({ answer }));
      const { stdout, stderr } = await run(callMany(2, then), {
        LOGFIRE_TOKEN: TOKEN,
        LOGFIRE_BASE_URL: sink.url,
        LOGFIRE_CONSOLE: 'tree',
        LOGFIRE_CONSOLE_VERBOSE: 'true',
        OTEL_LOG_LEVEL: 'all',
        OTEL_BSP_SCHEDULE_DELAY: '10',
      });
      assert.match(stderr, new RegExp(`this terminal, ${sink.url}/v1/traces`));
      assert.doesNotMatch(stdout + stderr, new RegExp(TOKEN));
    });
  }

  test('a program that may not read its folder hears nothing of the credentials file', async () => {
    const [require = '', preload = ''] = agentRequireFlags;
    const flags = ['--permission', `--allow-fs-read=${dirname(preload)}/*`, require, preload];
    const { code, stdout, stderr } = await runProgram({ code: 'console.log("done")', flags, cwd: folder });
    assert.deepEqual([code, stdout], [0, 'done\n']);
    assert.match(stderr, /^tracing: /m);
    assert.doesNotMatch(stderr, /credentials/);
  });

  test('a token that is demanded and missing is one line, and the program runs', async () => {
    const { code, stdout, stderr } = await run(callMany(1), {
      LOGFIRE_SEND_TO_LOGFIRE: 'true',
      LOGFIRE_CONSOLE: 'off',
    });
    assert.deepEqual([code, stdout], [0, 'done\n']);
    assert.equal(
      stderr,
      `tracing: LOGFIRE_TOKEN is not set, and there is no ${join(folder, '.logfire/logfire_credentials.json')}; nothing is sent to Logfire\n`,
    );
  });
});

suite('certificates of OTLP', { concurrency: 4 }, () => {
  const keyFile = join(dirname(certificateFile), 'key.pem');

  /** A receiver that talks to those only who show the fixture's certificate. */
  async function startStrict() {
    const [key, cert] = [readFileSync(keyFile), readFileSync(certificateFile)];
    const paths: (string | undefined)[] = [];
    const server = createServer(
      { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true },
      (request, response) =>
        request.resume().on('end', () => {
          paths.push(request.url);
          response.end();
        }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return {
      paths,
      url: `https://localhost:${port}`,
      async [Symbol.asyncDispose]() {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      },
    };
  }

  for (const [how, then] of casesOf(WAYS.toReversed(), 1)) {
    test(`an https receiver is trusted by its own authority, and gets the client certificate it asks for, ${how}`, async (t) => {
      const receiver = await closeAfter(t, startStrict());
      const trusting = {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_CERTIFICATE: certificateFile,
        OTEL_BSP_SCHEDULE_DELAY: '10',
      };
      const known = await run(callMany(1, then), {
        ...trusting,
        OTEL_METRICS_EXPORTER: 'otlp',
        OTEL_EXPORTER_OTLP_CLIENT_KEY: keyFile,
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: certificateFile,
      });
      assert.deepEqual([known.code, known.stderr], [0, '']);
      assert.deepEqual(new Set(receiver.paths), new Set(['/v1/metrics', '/v1/traces']));
      assert.equal(receiver.paths.length, 2);
      const unknown = await run(callMany(1, then), trusting);
      assert.match(unknown.stderr, /1 span was lost on the way to https:/);
      const own = {
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: keyFile,
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: certificateFile,
      };
      assert.equal((await run(callMany(1, then), { ...trusting, ...own })).stderr, '');
      assert.equal(receiver.paths.filter((path) => path === '/v1/traces').length, 2);
    });
  }

  test('a file that cannot be used is one line, and the program runs', async (t) => {
    const sink = await closeAfter(t, startSink());
    const { code, stderr } = await run(callMany(1), {
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_EXPORTER_OTLP_CERTIFICATE: 'missing.pem',
      OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: certificateFile,
    });
    assert.equal(code, 0);
    assert.equal(sink.spans.length, 1);
    const [first = '', second = '', ...others] = stderr.split('\n');
    assert.match(
      first,
      /^tracing: cannot read missing\.pem of export\.otlp\.certificates\.ca \(ENOENT.*\); it is left out$/,
    );
    assert.match(
      second,
      /^tracing: cannot use .*cert\.pem of export\.otlp\.certificates\.tracesClientKey \(.*\); it is left out$/,
    );
    assert.deepEqual(others, ['']);
  });
});

suite('several destinations', { concurrency: 4 }, () => {
  const startHanging = () => startSink({ answer: { hang: true } });

  for (const bad of casesOf(['hangs', 'refuses'] as const, 1)) {
    test(`one that ${bad} takes nothing from the others while the program runs`, async (t) => {
      const url =
        bad === 'hangs' ? (await closeAfter(t, startHanging())).url : `http://127.0.0.1:${await closedPort()}`;
      const healthy = await closeAfter(t, startSink());
      const name = `beside-one-that-${bad}.jsonl`;
      const program = await closeAfter(
        t,
        startProgram({
          code: callMany(6, 'process.on("message", () => {}); process.send({});'),
          flags: agentFlags,
          cwd: folder,
          env: {
            BACKEND: backend.url,
            OTEL_EXPORTER_OTLP_ENDPOINT: url,
            LOGFIRE_TOKEN: 'first-of-two,second-of-two',
            LOGFIRE_BASE_URL: healthy.url,
            TRACING_FILE: name,
            OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2',
            OTEL_BSP_SCHEDULE_DELAY: '10',
          },
        }),
      );
      const spans = await healthy.waitForSpans(12);
      const ids = new Set(spans.map(({ spanId }) => spanId));
      assert.equal(ids.size, 6);
      const keys = healthy.requests.map(({ headers }) => headers.authorization);
      assert.deepEqual(new Set(keys), new Set(['first-of-two', 'second-of-two']));
      const read = (): string => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
      while (read().split('"spanId"').length <= 6 || !read().endsWith('\n')) await setTimeout(10);
      assert.deepEqual(new Set(readSpans(name).map(({ spanId }) => spanId)), ids);
      assert.equal(program.child.exitCode, null);
    });
  }

  for (const bad of casesOf(['refuses', 'hangs'] as const, 1)) {
    test(`one that ${bad} takes nothing from the others when the program exits`, async (t) => {
      const url =
        bad === 'hangs' ? (await closeAfter(t, startHanging())).url : `http://127.0.0.1:${await closedPort()}`;
      const healthy = await closeAfter(t, startSink());
      const name = `beside-one-that-${bad}-at-exit.jsonl`;
      const { code, stderr } = await run(callMany(6, 'process.exit(5)'), {
        OTEL_EXPORTER_OTLP_ENDPOINT: url,
        LOGFIRE_TOKEN: 'some-token',
        LOGFIRE_BASE_URL: healthy.url,
        TRACING_FILE: name,
        OTEL_BSP_SCHEDULE_DELAY: '60000',
        // What hangs holds the process for all of it.
        TRACING_EXIT_MILLIS: '4000',
      });
      assert.equal(code, 5);
      assert.equal(healthy.spans.length, 6);
      assert.equal(readSpans(name).length, 6);
      assert.match(stderr, new RegExp(`^tracing: 6 spans were lost on the way to ${url}/v1/traces: [^\\n]*\n$`));
    });
  }

  test('none waits for another when the program exits', async (t) => {
    const second = await closeAfter(t, startSink());
    // Answers once the other one has its spans: one after the other, both would wait until the time is over.
    const first = createPlainServer((request, response) => {
      request.resume();
      void second.waitForRequests(1).then(() => response.end());
    }).listen(0, '127.0.0.1');
    await once(first, 'listening');
    t.after(() => {
      first.close();
      first.closeAllConnections();
    });
    const { code, stderr } = await run(callMany(1, 'process.exit()'), {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(first.address() as AddressInfo).port}`,
      LOGFIRE_TOKEN: 'some-token',
      LOGFIRE_BASE_URL: second.url,
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.equal(second.spans.length, 1);
  });
});
