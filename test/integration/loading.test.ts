import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { agentFlags, agentRequireFlags, appsFolder, runProgram, startProgram } from '../support/run-program.ts';
import { assertTrees } from '../support/trace-tree.ts';
import { startSurroundings, startTraced } from './traced.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const preloadUrl = agentFlags[1] ?? '';
const preloadPath = agentRequireFlags[1] ?? '';

/** A project in a temporary folder that has the agent installed. */
function createProject(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-loading-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'node_modules/@tracing'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules/@tracing/agent'));
  writeFileSync(join(folder, 'package.json'), '{"name":"shop","version":"1.2.3"}');
  return folder;
}

/** A second copy of the built agent, as a second installation would be. */
const copy = mkdtempSync(join(tmpdir(), 'tracing-copy-'));
for (const name of ['preload.cjs', 'agent.cjs']) cpSync(join(root, 'dist', name), join(copy, name));
after(() => rmSync(copy, { recursive: true, force: true }));

/** A copy of the built agent whose second file is broken. */
function createBroken(t: TestContext, agent: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tracing-broken-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(preloadPath, join(folder, 'preload.cjs'));
  writeFileSync(join(folder, 'agent.cjs'), agent);
  return join(folder, 'preload.cjs');
}

suite('one request is one server span:', { concurrency: 4, timeout: 240_000 }, () => {
  const loads: readonly [name: string, flags: readonly string[], env?: Record<string, string>][] = [
    ['--import', agentFlags],
    ['--require', agentRequireFlags],
    ['NODE_OPTIONS --import', [], { NODE_OPTIONS: `--import ${preloadUrl}` }],
    ['NODE_OPTIONS --require', [], { NODE_OPTIONS: `--require ${preloadPath}` }],
    ['--import and --require', [...agentFlags, ...agentRequireFlags]],
    ['--import, and from a second copy of the package', [...agentFlags, '--import', join(copy, 'preload.cjs')]],
    ['--import twice, by URL and by path', [...agentFlags, '--import', preloadPath, '--import', `${preloadUrl}?again`]],
  ];
  // In this order so that those of a plain run, from the first to the last, are of every kind of file and of most flags.
  const programs = ['server-hello.mjs', 'server-hello.ts', 'server-hello.cjs'];
  const starts = loads.flatMap(([name, flags, added], index) =>
    programs.map((_, next) => [programs[(index + next) % 3] ?? '', name, flags, added] as const),
  );
  for (const [program, name, flags, added] of casesOf(starts, 4)) {
    test(`${program} by ${name}`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const options = { program, flags, env: { ...env, ...added }, cwd: tmpdir() };
      const server = await closeAfter(t, startProgram(options));
      await (await fetch(`http://127.0.0.1:${server.port}/?a=b`)).text();
      server.send('stop');
      const { code, stdout, stderr } = await server.exited;
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, /^ready .*\nGET \/\?a=b\nclosed\n$/);
      assertTrees(await sink.waitForSpans(1), '[@tracing/agent] SERVER GET 200 url.query=a=b', {
        service: true,
        attributes: ['url.query'],
      });
    });
  }
});

suite('every kind of program makes its spans:', { concurrency: 4, timeout: 240_000 }, () => {
  const call = 'fetch(process.env.BACKEND + "/stock/1").then((r) => r.text()).then(console.log)';
  const kinds: readonly [name: string, options: Parameters<typeof runProgram>[0], stdout: RegExp][] = [
    ['node -e', { code: call }, /^GET \/stock\/1\n$/],
    ['node -e, with arguments', { code: call, args: ['nothing/of/ours'] }, /^GET \/stock\/1\n$/],
    [
      'node -e, as an ES module',
      { code: `import 'node:fs'; await ${call}`, flags: ['--input-type=module'] },
      /^GET \/stock\/1\n$/,
    ],
    ['a program on stdin', { input: call }, /^GET \/stock\/1\n$/],
    ['the REPL', { flags: ['-i'], input: `await ${call}\n` }, /GET \/stock\/1\n/],
    ['node --test', { flags: ['--test'], program: 'node-test.mjs' }, /# pass 1|pass 1\n/],
  ];
  for (const [name, options, stdout] of casesOf(kinds, 2)) {
    test(name, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const exit = await runProgram({
        ...options,
        flags: [...agentFlags, ...(options.flags ?? [])],
        env: { ...env, TRACING_EXIT_MILLIS: '15000' },
      });
      assert.equal(exit.code, 0);
      assert.match(exit.stdout, stdout);
      assert.equal(exit.stderr, '');
      assertTrees(await sink.waitForSpans(1), 'CLIENT GET 200');
    });
  }

  test('a project that has @tracing/agent in its node_modules, by its name and by both flags', async (t) => {
    const folder = createProject(t);
    writeFileSync(join(folder, 'app.mjs'), `await (await fetch(process.env.BACKEND)).text();`);
    for (const flag of ['--import', '--require']) {
      const { sink, env } = await startSurroundings(t);
      const exit = await runProgram({
        flags: [flag, '@tracing/agent'],
        program: join(folder, 'app.mjs'),
        cwd: folder,
        env,
      });
      assert.deepEqual([exit.code, exit.stderr], [0, '']);
      const spans = await sink.waitForSpans(1);
      assertTrees(spans, '[shop] CLIENT GET 200', { service: true });
      assert.equal(spans[0]?.resource['service.version'], '1.2.3');
    }
  });
});

suite('the preload stands aside:', { concurrency: 4, timeout: 240_000 }, () => {
  test('it parses as ECMAScript 2018, which Node 10 knows', async () => {
    // Node brings the parser of its REPL along.
    const code = `
      const acorn = require('internal/deps/acorn/acorn/dist/acorn');
      const parse = (text) => acorn.parse(text, { ecmaVersion: 2018, sourceType: 'script' });
      try { parse('a?.b'); console.log('takes anything'); } catch {}
      parse(require('node:fs').readFileSync(process.argv[1], 'utf8'));
      console.log('parsed');`;
    const { stdout } = await runProgram({ code, flags: ['--expose-internals'], args: [preloadPath] });
    assert.equal(stdout, 'parsed\n');
  });

  test('on a Node below the floor it prints one line, by each flag, and the program runs', async (t) => {
    const node = ['/usr/bin/node', '/usr/local/bin/node'].find((path) => existsSync(path));
    const version = node === undefined ? '' : execFileSync(node, ['--version'], { encoding: 'utf8' });
    const [, major = '99'] = /^v(\d+)\./.exec(version) ?? [];
    if (node === undefined || Number(major) >= 22)
      return t.skip(`no old Node on this machine (${version.trim() || 'none'})`);
    for (const flags of [agentFlags, agentRequireFlags]) {
      const { code, stdout, stderr } = await runProgram({
        code: 'console.log("ran"); process.exitCode = 3',
        flags,
        node,
      });
      assert.deepEqual([code, stdout], [3, 'ran\n']);
      assert.equal(
        stderr,
        `tracing: needs Node 22.18 or 24 and later, this is ${version.trim().slice(1)}; the program runs untraced\n`,
      );
    }
  });

  for (const variant of ['cjs', 'mjs']) {
    test(`before an SDK that was registered first, with one line (foreign-sdk.${variant})`, async (t) => {
      const { sink, env } = await startSurroundings(t);
      const { code, stdout, stderr } = await runProgram({
        program: `foreign-sdk.${variant}`,
        flags: ['--require', join(appsFolder, 'foreign-sdk-register.cjs'), ...agentFlags],
        env,
      });
      assert.equal(code, 0);
      assert.equal(stdout, 'registered {"provider":true,"context":true}\ncall 200\nown spans ["own span"]\n');
      assert.equal(
        stderr,
        'tracing: another OpenTelemetry SDK is registered in this process already; this one stands down\n',
      );
      assert.equal(sink.requests.length, 0);
    });
  }

  test('where OTEL_SDK_DISABLED is set: nothing is printed, loaded, registered or listened to', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const { subscribe, hasSubscribers } = require('node:diagnostics_channel');
      console.log(JSON.stringify({
        loaded: Object.keys(require.cache).filter((path) => path.endsWith('agent.cjs')),
        registered: Symbol.for('opentelemetry.js.api.1') in globalThis,
        marked: Symbol.for('@tracing/agent') in process,
        listening: hasSubscribers('http.server.request.start') || hasSubscribers('undici:request:create'),
        listeners: process.eventNames().filter((name) => name === 'exit' || name === 'beforeExit'),
        http: process.moduleLoadList.includes('NativeModule _http_client'),
      }));`;
    for (const value of casesOf(['true', 'TRUE', '1', 'yes', 'on'], 1)) {
      const { stdout, stderr } = await runProgram({
        code,
        flags: agentRequireFlags,
        env: { ...env, OTEL_SDK_DISABLED: value },
      });
      const nothing = { loaded: [], registered: false, marked: false, listening: false, listeners: [], http: false };
      assert.deepEqual([JSON.parse(stdout), stderr], [nothing, ''], value);
    }
    const { stdout } = await runProgram({
      code,
      flags: agentRequireFlags,
      env: { ...env, OTEL_SDK_DISABLED: 'false' },
    });
    const { loaded, registered, listening } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([loaded, registered, listening], [[join(root, 'dist/agent.cjs')], true, true]);
    assert.equal(sink.requests.length, 0);
  });

  const broken = [
    ['is cut off', 'exports.startAgent = function () {'],
    ['throws as it is read', 'throw new Error("broken\\nin two lines")'],
    ['throws as it starts', 'exports.startAgent = () => { throw null }'],
    ['exports nothing', ''],
  ] as const;
  for (const [name, agent] of casesOf(broken, 2)) {
    test(`with one line where its other file ${name}, and the program keeps its exit code`, async (t) => {
      const preload = createBroken(t, agent);
      for (const flag of ['--import', '--require']) {
        const exit = await runProgram({ code: 'console.log("ran"); process.exitCode = 5', flags: [flag, preload] });
        assert.deepEqual([exit.code, exit.stdout], [5, 'ran\n']);
        assert.match(exit.stderr, /^tracing: could not load, the program runs untraced: .+\n$/);
      }
    });
  }

  test('where part of its start fails, that part is left out, with a line, and the others trace', async (t) => {
    const { sink, env } = await startSurroundings(t);
    // One of undici's subscriptions is refused.
    const saboteur = join(createProject(t), 'saboteur.cjs');
    writeFileSync(
      saboteur,
      `const channels = require('node:diagnostics_channel');
       const { subscribe } = channels;
       channels.subscribe = (name, listener) => {
         if (name === 'undici:request:headers') throw new Error('no ?token=secret-value-123');
         return subscribe(name, listener);
       };`,
    );
    const exit = await runProgram({ program: 'client-http.cjs', flags: ['--require', saboteur, ...agentFlags], env });
    assert.equal(exit.code, 0);
    assert.match(
      exit.stderr,
      /^tracing: internal error in the start of undici, the application is not affected: no \?token=REDACTED\n$/,
    );
    assert.ok(sink.spans.length > 0);
  });

  test('in npm and npx, which NODE_OPTIONS reaches first', async (t) => {
    const npm = ['/usr/bin/npm', '/usr/local/bin/npm', '/opt/node/bin/npm'].find((path) => existsSync(path));
    if (npm === undefined) return t.skip('no npm on this machine');
    for (const tool of casesOf([npm, npm.replace(/npm$/, 'npx')], 1)) {
      // Nothing configured but the flag: a banner would show.
      const exit = await runProgram({
        program: tool,
        args: ['--version'],
        env: { NODE_OPTIONS: `--import ${preloadUrl}` },
      });
      assert.match(exit.stdout, /^\d+\.\d+\.\d+\n$/);
      assert.deepEqual([exit.code, exit.stderr], [0, '']);
    }
  });
});

suite('what it puts into the process:', { concurrency: 4, timeout: 240_000 }, () => {
  // Prints the differences between the process before startAgent(), while it runs, and after stop().
  const look = `
    const names = ['http', 'https', 'net', 'tls', 'diagnostics_channel', 'events', 'timers', 'async_hooks', 'module', 'fs', 'child_process', 'stream'];
    const objects = { process, globalThis, console };
    for (const name of names) objects[name] = require('node:' + name);
    const { http, net, events, stream } = objects;
    for (const type of [http.ClientRequest, http.IncomingMessage, http.ServerResponse, http.OutgoingMessage, http.Server, http.Agent, net.Socket, net.Server, events, stream.Readable, stream.Writable, Promise, Error, Function])
      objects[type.name + '.prototype'] = type.prototype, objects[type.name] = type;
    // Node makes these on first use.
    void globalThis.Response; void process.stdout; void process.stderr;
    const shoot = () => {
      const shot = new Map();
      for (const [name, object] of Object.entries(objects)) {
        for (const key of Reflect.ownKeys(object)) {
          const d = Object.getOwnPropertyDescriptor(object, key);
          shot.set(name + '.' + String(key), 'get' in d || 'set' in d ? ['accessor', d.get, d.set, d.enumerable, d.configurable] : ['value', d.value, d.writable, d.enumerable, d.configurable]);
        }
        shot.set(name + ' extensible', [Object.isExtensible(object), Object.getPrototypeOf(object)]);
      }
      for (const event of ['exit', 'beforeExit', 'SIGTERM', 'SIGINT', 'uncaughtException', 'uncaughtExceptionMonitor', 'unhandledRejection', 'newListener', 'removeListener', 'warning', 'message'])
        shot.set('listeners ' + event, [process.listenerCount(event)]);
      for (const name of ['http.client.request.created', 'http.client.request.error', 'http.client.response.finish', 'http.server.request.start', 'http.server.response.finish', 'undici:request:create', 'undici:request:headers', 'undici:request:trailers', 'undici:request:error', 'undici:client:sendHeaders'])
        shot.set('channel ' + name, [objects.diagnostics_channel.hasSubscribers(name)]);
      const api = globalThis[Symbol.for('opentelemetry.js.api.1')];
      shot.set('api', Object.keys(api ?? {}).filter((key) => key !== 'version'));
      return shot;
    };
    // Node takes the variables of an evaluated script from globalThis again.
    const volatile = /^(process\\.(_exiting|domain|_events|_eventsCount|title|report)|console\\.|globalThis\\.module$)/;
    const differ = (a, b) => [...new Set([...a.keys(), ...b.keys()])].filter((key) => {
      const [x, y] = [a.get(key), b.get(key)];
      return !volatile.test(key) && (x === undefined || y === undefined || x.length !== y.length || x.some((value, index) => !Object.is(value, y[index])));
    });`;

  const run = async (t: TestContext, code: string, env: Record<string, string> = {}) => {
    const surroundings = await startSurroundings(t);
    const exit = await runProgram({
      code: `${look}\n${code}`,
      env: { ...surroundings.env, ...env },
      args: [join(root, 'dist/agent.cjs')],
    });
    assert.deepEqual([exit.code, exit.stderr], [0, '']);
    return JSON.parse(exit.stdout) as Record<string, string[]>;
  };

  test('replaces two functions of Node while it runs, those that upgrades and aborts pass, and leaves nothing behind after stop()', async (t) => {
    const { waiting, running, stopped, first } = await run(
      t,
      `const { startAgent } = require(process.argv[1]);
       const before = shoot();
       const agent = startAgent();
       const started = shoot();
       require('node:http').createServer().listen(0, '127.0.0.1', function () {
         this.close();
         const during = shoot();
         agent.stop();
         const [waiting, running, stopped] = [started, during, shoot()].map((shot) => differ(before, shot));
         console.log(JSON.stringify({ waiting, running, stopped, first: differ(started, during) }));
       });`,
    );
    const functions = ['Server.prototype.listenerCount', 'process.abort'];
    // The first thing that can be traced brings what it needs, and nothing that a program would notice beside its own.
    assert.deepEqual(
      first?.filter((key) => !key.startsWith('channel ')),
      functions.slice(0, 1),
    );
    assert.deepEqual(
      waiting?.filter((key) => functions.includes(key)),
      functions.slice(1),
    );
    assert.deepEqual(running?.filter((key) => !/^(?:listeners|channel) /.test(key)).toSorted(), [
      'Server.prototype.listenerCount',
      'api',
      'globalThis.Symbol(opentelemetry.js.api.1)',
      'process.abort',
    ]);
    assert(running?.includes('channel http.server.request.start'));
    assert(running?.includes('listeners beforeExit'));
    // What @opentelemetry/api keeps there stays: an empty object with its version.
    assert.deepEqual(
      stopped?.filter((key) => key !== 'globalThis.Symbol(opentelemetry.js.api.1)'),
      [],
    );
  });

  test('after stop() requests are no spans and carry nothing, and the program ends by itself', async (t) => {
    const { sink, backend, env } = await startSurroundings(t);
    const code = `
      const agent = require(process.argv[1]).startAgent();
      const get = async (path) => (await fetch(process.env.BACKEND + path)).text();
      (async () => {
        await get('/before');
        agent.stop();
        await get('/after');
        await new Promise((resolve) => require('node:http').get(process.env.BACKEND + '/after', (r) => r.resume().on('end', resolve)));
      })();`;
    const exit = await runProgram({ code, env, args: [join(root, 'dist/agent.cjs')] });
    assert.deepEqual([exit.code, exit.stderr], [0, '']);
    assert.deepEqual(
      backend.requests.map(({ url, headers }) => [url, headers['traceparent'] !== undefined]),
      [
        ['/before', true],
        ['/after', false],
        ['/after', false],
      ],
    );
    assertTrees(await sink.waitForSpans(1), 'CLIENT GET 200 url.full=<backend>/before', {
      attributes: ['url.full'],
      replace: { [backend.url]: '<backend>' },
    });
  });

  test('a handler sees the request, the response and the client request as without us', async (t) => {
    const { sink, env } = await startSurroundings(t);
    const code = `
      const http = require('node:http');
      const keys = (object) => Object.keys(object).join();
      const counts = (emitter) => emitter.eventNames().map((name) => String(name) + emitter.listenerCount(name)).join();
      const server = http.createServer((request, response) => {
        console.log(keys(request), keys(response), counts(request), counts(response), JSON.stringify(request.headers));
        console.log([request.on, request.emit, response.end, response.writeHead].map((f) => f.name + f.length).join());
        response.end();
      }).listen(0, () => {
        const call = http.get({ port: server.address().port, headers: { a: 'b', traceparent: '00-${'1'.repeat(32)}-${'2'.repeat(16)}-01' } }, (response) => {
          console.log(keys(response), response.listenerCount('end'));
          response.resume().on('end', () => server.close());
        });
        console.log(keys(call), call.listenerCount('error'), call.listenerCount('response'));
      });`;
    const mask = (text: string): string => text.replaceAll(/\d{4,5}|00-[0-9a-f]{32}-[0-9a-f]{16}-01/g, '…');
    const [plain, traced] = await Promise.all([
      runProgram({ code, env }),
      runProgram({ code, env, flags: agentFlags }),
    ]);
    assert.equal(mask(traced.stdout), mask(plain.stdout));
    assert.equal(traced.stderr, '');
    await sink.waitForSpans(2);
  });

  test('the built preload is small, and starts without loading undici', async (t) => {
    assert(readFileSync(preloadPath).length < 2000);
    const { port, stdout } = await startTraced(t, {
      code: `const server = require('node:http').createServer().listen(0, () => {
        console.log(process.moduleLoadList.filter((name) => /undici/.test(name)).length);
        process.send({ port: server.address().port });
      })`,
      env: { TRACING_CONSOLE: 'off', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' },
    });
    assert(port > 0);
    assert.equal(stdout(), '0\n');
  });
});
