import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test, type TestContext } from 'node:test';
import { startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { closedPort } from '../support/otlp-sink.ts';
import { agentFlags, appsFolder, runProgram, startProgram, type Exit } from '../support/run-program.ts';
import { startSurroundings } from './traced.ts';

const SECRET = /secret-value/;
const ESCAPE = '\u001B';

/** What a gateway prints that answers two requests, one of whose calls carries a secret and one of which fails. */
async function runGateway(t: TestContext, env: Record<string, string> = {}): Promise<Exit> {
  const backend = await closeAfter(t, startBackend());
  const options = { program: 'gateway.cjs', flags: agentFlags, env: { BACKEND: backend.url, ...env } };
  const program = await closeAfter(t, startProgram(options));
  for (const path of ['/http?token=secret-value-456', '/failing', '/']) {
    await (await fetch(`http://127.0.0.1:${program.port}${path}`)).text();
  }
  program.send('stop');
  return program.exited;
}

suite('on stderr, and nowhere else:', { concurrency: 4, timeout: 240_000 }, () => {
  test('the first run shows a banner of three lines, then a block for each request', async (t) => {
    const { code, stdout, stderr } = await runGateway(t);
    assert.equal(code, 0);
    assert.match(stdout, /^ready .*\n\/http: .*\n\/failing: .*\n\/: hello\nclosed\n$/);
    const [first = '', second, third, ...blocks] = stderr.split('\n');
    assert.match(first, /^tracing \d+\.\d+ {2}@tracing\/agent \(pid \d+\) {2}node \d+\.\d+ {2}ready in \d+ ms$/);
    assert.match(second ?? '', /^ {2}watching http, http2, fetch, undici$/);
    assert.match(third ?? '', /^ {2}traces → this terminal\. Set .* to send them on$/);
    const text = blocks.join('\n');
    assert.match(text, /^\d\d:\d\d:\d\d\.\d{3} +GET \/http +200 +[\d.]+ m?s +1 call · [\d.]+ m?s waiting\n/);
    assert.match(
      text,
      / GET \/failing +502 .*✗\n +└ +GET +127\.0\.0\.1:\d+\/reset .*ECONNRESET .*✗\n +Error: .*\n +trace [0-9a-f]/,
    );
    assert.match(text, /\n\d\d:\d\d:\d\d\.\d{3} +GET \/ +200 +[\d.]+ ms[^\n]*\n$/);
    assert.doesNotMatch(stderr, SECRET);
    assert(!stderr.includes(ESCAPE));
    assert.doesNotMatch(text, /[█▏]/);
  });

  test('line mode prints one line for each span', async (t) => {
    const { stderr } = await runGateway(t, { TRACING_CONSOLE: 'line' });
    const lines = stderr.trimEnd().split('\n').slice(3);
    const shapes = lines.map((line) =>
      /^\d\d:\d\d:\d\d\.\d{3} +[0-9a-f]{6} ([←→]) +(GET) +\S+ +(\S+)/.exec(line)?.slice(1).join(' '),
    );
    assert.deepEqual(shapes, ['→ GET 200', '← GET 200', '→ GET ECONNRESET', '← GET 502', '← GET 200']);
    assert.doesNotMatch(stderr, SECRET);
  });

  test('json mode prints one object for each span, and no banner', async (t) => {
    const { stderr } = await runGateway(t, { TRACING_CONSOLE: 'json' });
    const spans = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; name: string; attributes: Record<string, unknown> });
    assert.deepEqual(
      spans.map(({ kind, name }) => `${kind} ${name}`),
      ['client GET', 'server GET', 'client GET', 'server GET', 'server GET'],
    );
    assert.equal(spans[1]?.attributes['url.query'], 'token=REDACTED');
    assert.doesNotMatch(stderr, SECRET);
  });

  test('nothing, where an OTLP endpoint is set or the console is off or in production', async (t) => {
    const { env } = await startSurroundings(t);
    const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = '' } = env;
    for (const changes of [
      { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
      { TRACING_CONSOLE: 'off' },
      { NODE_ENV: 'production' },
    ]) {
      assert.equal((await runGateway(t, changes)).stderr, '', JSON.stringify(changes));
    }
  });

  test('both, where an endpoint is set and the console asked for', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const { stderr } = await runGateway(t, { ...env, TRACING_CONSOLE: 'tree' });
    await sink.waitForSpans(5);
    assert.match(stderr, / traces → this terminal, http:\/\/127\.0\.0\.1:\d+\/v1\/traces\n/);
    assert.match(stderr, /GET \/http +200/);
  });

  test('the credentials of an endpoint are hidden, in the banner and in what is said when it fails', async (t) => {
    const endpoint = `http://user:secret-value-1@127.0.0.1:${await closedPort()}/?token=secret-value-2`;
    const { code, stderr } = await runGateway(t, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACING_CONSOLE: 'tree' });
    assert.equal(code, 0);
    assert.match(stderr, /ECONNREFUSED/);
    assert.doesNotMatch(stderr, SECRET);
  });
});

const hasScript = ((): boolean => {
  try {
    return /util-linux/.test(execFileSync('script', ['--version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
})();

suite(
  'on a terminal',
  { concurrency: 4, timeout: 240_000, skip: hasScript ? false : 'no script(1) of util-linux' },
  () => {
    /** Runs one failing call of a request in a pseudo-terminal of 100 columns; gives what the terminal got. */
    async function runOnTerminal(t: TestContext, env: Record<string, string> = {}): Promise<string> {
      const backend = await closeAfter(t, startBackend());
      const app = `
      const server = require('http').createServer((q, r) => {
        fetch(process.env.BACKEND + '/delay/30').then((x) => x.text()).then(() => fetch(process.env.BACKEND + '/status/500?token=secret-value-1')).then(() => r.end());
      }).listen(0, () => fetch('http://127.0.0.1:' + server.address().port + '/cart').then((x) => x.text()).then(() => server.close()));`;
      const command = `stty cols 100 && '${process.execPath}' ${agentFlags.join(' ')} -e "$APP"`;
      const wrapper = `
      const { spawnSync } = require('node:child_process');
      const { status, stdout } = spawnSync('script', ['-qec', process.argv[1], '/dev/null'], { encoding: 'utf8', env: { ...process.env, APP: process.env.APP_TEXT } });
      process.stdout.write(stdout);
      process.exitCode = status;`;
      const { code, stdout } = await runProgram({
        code: wrapper,
        args: [command],
        cwd: appsFolder,
        env: { BACKEND: backend.url, APP_TEXT: app, TERM: 'xterm-256color', ...env },
      });
      assert.equal(code, 0, stdout);
      return stdout;
    }

    test('blocks have colours and bars', async (t) => {
      const text = await runOnTerminal(t);
      assert(text.includes(`${ESCAPE}[31m`), text);
      assert.match(text, /█/);
      assert.doesNotMatch(text, SECRET);
    });

    test('NO_COLOR leaves the bars and takes the colours', async (t) => {
      const text = await runOnTerminal(t, { NO_COLOR: '1' });
      assert(!text.includes(ESCAPE));
      assert.match(text, /█/);
    });

    test('production shows traces too', async (t) => {
      assert.match(await runOnTerminal(t, { NODE_ENV: 'production' }), /\/status\/500\?token=REDACTED/);
    });
  },
);
