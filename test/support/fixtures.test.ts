// What the fixture programs do without the agent: the baseline that the integration tests compare with.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { closeAfter } from './close-after.ts';
import { certificateFile, startBackend, type Backend } from './backend.ts';
import { casesOf } from './every-case.ts';
import { closedPort } from './otlp-sink.ts';
import { runProgram, startProgram, type RunningProgram } from './run-program.ts';

const variants = ['cjs', 'mjs'] as const;

async function runBoth(name: string, backend: Backend, env: Record<string, string> = {}, args: string[] = []) {
  const [cjs, mjs] = await Promise.all(
    variants.map((variant) =>
      runProgram({ program: `${name}.${variant}`, args, env: { BACKEND: backend.url, ...env } }),
    ),
  );
  assert(cjs && mjs);
  assert.equal(cjs.stdout, mjs.stdout);
  assert.deepEqual([cjs.code, cjs.signal], [mjs.code, mjs.signal]);
  return cjs;
}

const ask = async (program: RunningProgram, path: string, init?: RequestInit): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${program.port}${path}`, init);
  return `${response.status} ${await response.text()}`;
};

/** Stops a server by the IPC message "stop", which all of them but `signals` understand, and checks that it ended by itself. */
async function stop(program: RunningProgram): Promise<string> {
  program.send('stop');
  const { code, stdout, stderr } = await program.exited;
  assert.deepEqual([code, stderr], [0, '']);
  return stdout;
}

suite('clients end well and print the same as CommonJS and as ES module:', { concurrency: 4 }, () => {
  test('client-http, over http and https', async (t) => {
    const backend = await closeAfter(t, startBackend());
    const secure = await closeAfter(t, startBackend({ tls: true }));
    const { code, stdout } = await runBoth('client-http', backend);
    assert.equal(code, 0);
    assert.match(stdout, /new http.ClientRequest: 200 GET \/stock\/7\nnew ClientRequest: 200 DELETE \/stock\/8\n$/);
    const tls = await runBoth('client-http', secure, { NODE_EXTRA_CA_CERTS: certificateFile });
    assert.equal(tls.code, 0);
    assert.equal(stdout.startsWith(tls.stdout), true);
  });

  for (const [name, calls] of [
    ['client-fetch', 12],
    ['client-undici', 7],
    ['foreign-sdk', 3],
  ] as const) {
    test(name, async (t) => {
      const backend = await closeAfter(t, startBackend());
      const { code, stdout, stderr } = await runBoth(name, backend);
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(stdout.trimEnd().split('\n').length, calls);
      assert(backend.requests.every(({ headers }) => headers['traceparent'] === undefined));
    });
  }

  test('failing-calls, all and by name', async (t) => {
    const backend = await closeAfter(t, startBackend());
    const REFUSED = `http://127.0.0.1:${await closedPort()}`;
    const { stdout } = await runBoth('failing-calls', backend, { REFUSED });
    assert.match(
      stdout,
      /http refused: Error ECONNREFUSED\nfetch refused: TypeError ECONNREFUSED\nhttp unknown host: Error ENOTFOUND\n/,
    );
    assert.match(stdout, /fetch timeout: TimeoutError .*\nhttp abort: AbortError ABORT_ERR\n/);
    const one = await runBoth('failing-calls', backend, {}, ['fetch 500']);
    assert.equal(one.stdout, 'fetch 500: 500\n');
  });
});

suite('servers answer and stop:', { concurrency: 4 }, () => {
  for (const variant of casesOf(variants, 1)) {
    test(`server-hello.${variant}`, async (t) => {
      const program = await closeAfter(t, startProgram({ program: `server-hello.${variant}` }));
      assert.equal(await ask(program, '/?a=b'), '200 hello');
      assert.equal(await ask(program, '/echo', { method: 'POST', body: 'said' }), '200 said');
      assert.equal(await ask(program, '/delay/10'), '200 late');
      assert.equal(await ask(program, '/status/503'), '503 status');
      await assert.rejects(ask(program, '/reset'));
      assert.match(await stop(program), /GET \/\?a=b\nPOST \/echo\nGET \/delay\/10\n[^]*closed\n$/);
    });

    test(`https-server.${variant}`, async (t) => {
      const program = await closeAfter(t, startProgram({ program: `https-server.${variant}` }));
      const code = `require('node:https').get('https://localhost:${program.port}/', (r) => r.on('data', (d) => console.log(String(d))))`;
      const { stdout, stderr } = await runProgram({ code, env: { NODE_EXTRA_CA_CERTS: certificateFile } });
      assert.deepEqual([stdout, stderr], ['hello\n', '']);
      assert.match(await stop(program), /GET \/\nclosed\n$/);
    });

    test(`gateway.${variant}`, async (t) => {
      const backend = await closeAfter(t, startBackend());
      const program = await closeAfter(
        t,
        startProgram({ program: `gateway.${variant}`, env: { BACKEND: backend.url } }),
      );
      assert.equal(await ask(program, '/'), '200 hello');
      assert.equal(await ask(program, '/http'), '200 GET /stock/1?token=secret-value-123&page=2');
      assert.equal(await ask(program, '/fetch'), '200 GET /stock/2?token=secret-value-123&page=2');
      assert.equal(await ask(program, '/timer'), '200 GET /stock/3');
      assert.equal(await ask(program, '/await'), '200 GET /stock/4');
      assert.equal(await ask(program, '/body', { method: 'POST', body: 'four' }), '200 GET /stock/5?length=4');
      assert.equal(await ask(program, '/sequence'), '200 GET /stock/6, GET /stock/7');
      assert.equal(await ask(program, '/parallel'), '200 GET /delay/20, GET /delay/10');
      assert.equal(await ask(program, '/failing'), '502 ');
      await stop(program);
    });

    test(`api-user.${variant}`, async (t) => {
      const backend = await closeAfter(t, startBackend());
      const program = await closeAfter(
        t,
        startProgram({ program: `api-user.${variant}`, env: { BACKEND: backend.url } }),
      );
      assert.equal(await ask(program, '/'), '200 {"traceId":"","spanId":""}');
      assert.equal(await ask(program, '/broken'), '500 ');
      await stop(program);
    });
  }

  test('server-hello.ts', async (t) => {
    // Node 22 warns of type stripping on stderr; whoever compares outputs must know.
    const program = await closeAfter(t, startProgram({ program: 'server-hello.ts', flags: ['--no-warnings'] }));
    assert.equal(await ask(program, '/'), '200 hello');
    await stop(program);
  });
});

suite('exits', { concurrency: 4 }, () => {
  const ways = [
    ['natural', 0, null],
    ['exit', 3, null],
    ['exit-code', 4, null],
    ['throw', 1, null],
    ['reject', 1, null],
    ['throw-handled', 0, null],
    ['throw-handled-exit', 6, null],
    ['reject-handled', 0, null],
    ['before-exit', 0, null],
    ['exit-in-exit', 7, null],
    ['sigterm', null, 'SIGTERM'],
    ['sigint', null, 'SIGINT'],
    ['sigkill', null, 'SIGKILL'],
  ] as const;
  for (const [way, code, signal] of casesOf(ways, 1)) {
    test(`${way} ends with ${code ?? signal}`, async (t) => {
      const backend = await closeAfter(t, startBackend());
      const exit = await runBoth('exits', backend, {}, [way]);
      assert.deepEqual([exit.code, exit.signal], [code, signal]);
    });
  }
});

suite('signals', { concurrency: 4 }, () => {
  const modes = [
    ['none', null, 'SIGTERM'],
    ['close', 0, null],
    ['exit', 7, null],
    ['exit-later', 8, null],
    ['signal-exit', null, 'SIGTERM'],
  ] as const;
  for (const [mode, code, signal] of casesOf(modes, 1)) {
    test(`${mode} ends with ${code ?? signal}`, async (t) => {
      await Promise.all(
        variants.map(async (variant) => {
          const program = await closeAfter(t, startProgram({ program: `signals.${variant}`, args: [mode] }));
          assert.equal(await ask(program, '/'), '200 hello');
          const exit = await program.kill('SIGTERM');
          assert.deepEqual([exit.code, exit.signal], [code, signal]);
        }),
      );
    });
  }

  test('once survives the first signal and dies of the second', async (t) => {
    const program = await closeAfter(t, startProgram({ program: 'signals.cjs', args: ['once'] }));
    program.child.kill('SIGTERM');
    while (!program.stdout().includes('got SIGTERM')) await ask(program, '/');
    assert.equal((await program.kill('SIGTERM')).signal, 'SIGTERM');
  });

  test('ignore survives every signal', async (t) => {
    const program = await closeAfter(t, startProgram({ program: 'signals.mjs', args: ['ignore'], graceMillis: 200 }));
    program.child.kill('SIGTERM');
    await program.waitForOutput(/got SIGTERM/);
    assert.equal((await program.kill('SIGTERM')).signal, 'SIGKILL');
  });
});

test('node-test passes under node --test', async (t) => {
  const backend = await closeAfter(t, startBackend());
  const exit = await runProgram({ program: 'node-test.mjs', flags: ['--test'], env: { BACKEND: backend.url } });
  assert.equal(exit.code, 0);
  assert.match(exit.stdout, /pass 1/);
});
