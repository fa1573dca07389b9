import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import type { TraceList } from '../../src/viewer/model.ts';
import { toNoticePath } from '../../src/viewer/protocol.ts';
import { patientFlags, runProgram } from '../support/run-program.ts';
import { launchProgram } from '../viewer/launch-program.ts';
import { hex, toOtlp } from '../viewer/spans.ts';
import {
  makeRuntimeFolder,
  makeViewerEnv,
  startViewerProgram,
  tracing,
  type ViewerProgram,
} from '../viewer/viewer-program.ts';

const send = (viewer: { url: string }, trace: number, status = 0): Promise<Response> =>
  fetch(`${viewer.url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      toOtlp('shop', [
        {
          trace,
          id: 1,
          name: 'GET /cart/:id',
          kind: 2,
          duration: 184,
          attributes: { 'http.response.status_code': status === 2 ? 500 : 200 },
        },
        {
          trace,
          id: 2,
          parent: 1,
          name: 'GET price?token=s3cr3t-s3cr3t\u001b[2J',
          kind: 3,
          start: 20,
          duration: 118,
          status,
          ...(status === 2 && { message: 'connect ECONNREFUSED' }),
        },
      ]),
    ),
  });

const run = (viewer: ViewerProgram, ...args: string[]) => runProgram({ program: tracing, args, env: viewer.env });

suite('commands of the viewer', { concurrency: 2 }, () => {
  test('trace prints one trace, without its secrets and without control characters', async (t) => {
    const viewer = await startViewerProgram(t);
    await send(viewer, 0xabc, 2);
    const { code, stdout, stderr } = await run(viewer, 'trace', hex(0xabc, 32));
    assert.deepEqual([code, stderr], [0, '']);
    const [root, child, trouble, end] = stdout.split('\n').map((line) => line.replaceAll(/ +/g, ' ').trim());
    assert.equal(root, 'GET /cart/:id shop 500 184 ms ████████████████████');
    assert.match(child ?? '', /^└ GET price\?token=REDACTED.* ✗ 118 ms █{12}/);
    assert.deepEqual([trouble, end], ['connect ECONNREFUSED', '']);
    assert.ok(!stdout.includes('s3cr3t') && !stdout.includes('\u001b'));
  });

  test('trace says what is wrong', async (t) => {
    const viewer = await startViewerProgram(t);
    await Promise.all([send(viewer, 0x10), send(viewer, 0x11)]);
    const results = await Promise.all([
      run(viewer, 'trace', 'ffff'),
      run(viewer, 'trace', hex(0x10, 32).slice(0, 31)),
      run(viewer, 'trace', 'xyz'),
      runProgram({ program: tracing, args: ['trace', 'ab'], env: makeViewerEnv(t) }),
    ]);
    assert.deepEqual(
      results.map(({ code, stderr }) => [code, stderr]),
      [
        [1, 'tracing: there is no trace ffff\n'],
        [1, `tracing: 2 traces begin with ${hex(0x10, 32).slice(0, 31)}\n`],
        [2, 'tracing: trace needs the identifier of a trace, or its beginning: npx tracing trace 7f3c91\n'],
        [1, 'tracing: no viewer is running: npx tracing view\n'],
      ],
    );
  });

  test('tail prints what comes, and only what is asked for', async (t) => {
    const viewer = await startViewerProgram(t);
    await send(viewer, 1, 2);
    const follow = (...args: string[]) =>
      launchProgram(t, { program: tracing, args: ['tail', ...args], env: viewer.env });
    const failed = follow('--errors', 'name=*cart*', 'kind=server');
    const all = follow();
    // What is there when they ask for the first time is no news to them, so there is always more.
    let trace = 0x1000;
    const timer = setInterval(() => void send(viewer, ++trace, trace % 2 === 0 ? 2 : 0), 200);
    t.after(() => clearInterval(timer));
    await Promise.all([failed.waitForOutput(/ 500 /), all.waitForOutput(/ 500 /), all.waitForOutput(/ 200 /)]);
    clearInterval(timer);
    assert.doesNotMatch(failed.output(), / 200 /);
    assert.doesNotMatch(`${failed.output()}${all.output()}`, new RegExp(hex(1, 32)));
    assert.match(failed.output(), /shop {2}GET \/cart\/:id +500 +184 ms {2}2 spans, 1 failed/);
    const { code, stderr } = await run(viewer, 'tail', 'status=eror');
    assert.deepEqual([code, stderr], [1, 'tracing: status is one of unset, ok, error (character 8)\n']);
  });

  test('open shows OTLP JSON lines and saved pages', async (t) => {
    const folder = makeRuntimeFolder(t);
    const lines = [
      toOtlp('a', [{ trace: 1, id: 1 }]),
      toOtlp('b', [
        { trace: 2, id: 1 },
        { trace: 2, id: 2 },
      ]),
    ].map((data) => JSON.stringify(data));
    const file = join(folder, 'spans.jsonl');
    writeFileSync(file, `${lines.join('\n')}\nhalf a li`);
    const first = await openFile(t, file);
    assert.match(first.output, /:3 is no JSON\n[\s\S]*3 spans of/);
    const page = join(folder, 'page.html');
    writeFileSync(page, await (await first.ask(`/api/traces/${hex(2, 32)}/html`)).text());
    assert.match(readFileSync(page, 'utf8'), /^<!doctype html>/);
    const second = await openFile(t, page);
    const { traces } = (await (await second.ask('/api/traces')).json()) as TraceList;
    assert.deepEqual(
      traces.map(({ id, spans }) => [id, spans]),
      [[hex(2, 32), 2]],
    );
    const { code, stderr } = await runProgram({ program: tracing, args: ['open', '--no-open', tracing] });
    assert.deepEqual([code, stderr.split('\n').at(-2)], [1, `tracing: ${tracing}: no spans in it`]);
  });

  test('run --view starts a viewer beside the command, and ends with it', async (t) => {
    const env = makeViewerEnv(t);
    const viewer = await startViewerProgram(t);
    const code = `fetch(${JSON.stringify(viewer.url)} + '/v1/none').then((answer) => process.exit(answer.status === 404 ? 7 : 1))`;
    const program = join(makeRuntimeFolder(t), 'shop.cjs');
    writeFileSync(program, code);
    const exit = await runProgram({
      program: tracing,
      args: ['run', '--view', '--', process.execPath, program],
      // However busy the machine is, its last span is waited for.
      env: { ...viewer.env, NODE_OPTIONS: patientFlags.slice(0, 2).join(' ') },
    });
    assert.deepEqual([exit.code, exit.stdout], [7, '']);
    // One runs already: no second one is started.
    assert.match(exit.stderr, new RegExp(`traces → viewer ${viewer.url}`));
    assert.doesNotMatch(exit.stderr, /tracing viewer/);
    await viewer.waitForTraces('kind=client');
    const alone = await runProgram({
      program: tracing,
      args: ['run', '--view', '--', process.execPath, '-e', 'process.exit(3)'],
      env,
    });
    assert.equal(alone.code, 3);
    assert.match(alone.stderr, /tracing viewer {2}ready|port 4319 is taken/);
    const killed = await runProgram({
      program: tracing,
      args: ['run', '--view', '--', process.execPath, '-e', 'process.kill(process.pid); setTimeout(() => {}, 1e6)'],
      env,
    });
    assert.equal(killed.signal, 'SIGTERM');
    assert.equal(existsSync(toNoticePath(env)), false);
  });

  for (const [args, message] of [
    [['view', '--port', '99999'], 'tracing: --port is a number up to 65535, not 99999\n'],
    [['view', '--prot', '1'], 'tracing: --prot is not an option (did you mean --port?)\n'],
    [['open'], 'tracing: open needs one file: npx tracing open spans.jsonl\n'],
  ] as const) {
    test(`${args.join(' ')} is wrong usage`, async () => {
      const { code, stderr } = await runProgram({ program: tracing, args });
      assert.equal(code, 2);
      assert.equal(stderr, message);
    });
  }

  test('a port that is taken is said in one line', async (t) => {
    const viewer = await startViewerProgram(t);
    const port = new URL(viewer.url).port;
    const exit = await runProgram({
      program: tracing,
      args: ['view', '--port', port],
      env: makeViewerEnv(t),
    });
    assert.deepEqual(
      [exit.code, exit.stderr],
      [1, `tracing: port ${port} is taken: tracing view --port <number>, 0 for any that is free\n`],
    );
    const again = await runProgram({ program: tracing, args: ['view'], env: viewer.env });
    assert.deepEqual([again.code, again.stderr], [0, `tracing: a viewer is running already\n  ${viewer.link}\n`]);
  });
});

async function openFile(t: TestContext, file: string) {
  const program = launchProgram(t, { program: tracing, args: ['open', '--no-open', file], env: {} });
  const [, url = '', token = ''] = await program.waitForOutput(/(http:\S+)\/#token=(\S+)/);
  return {
    output: program.output(),
    ask: (path: string): Promise<Response> => fetch(url + path, { headers: { authorization: `Bearer ${token}` } }),
  };
}
