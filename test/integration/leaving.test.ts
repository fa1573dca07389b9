// How programs end with the agent: with the same code, signal and output as without, in bounded time, and with every span delivered.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, before, suite, test } from 'node:test';
import { type Backend, startBackend } from '../support/backend.ts';
import { closeAfter } from '../support/close-after.ts';
import { casesOf } from '../support/every-case.ts';
import { type Sink, closedPort, startSink } from '../support/otlp-sink.ts';
import {
  type Exit,
  type ProgramOptions,
  type RunningProgram,
  agentFlags,
  patientFlags,
  runProgram,
  startProgram,
} from '../support/run-program.ts';
import { startBlackHole } from '../support/black-hole.ts';

const EXIT_LIMIT_MILLIS = 1000;
const END_LIMIT_MILLIS = 2000;

const toVariable = (url: string) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: url });

/** Beyond the run without the agent at the same time, which tells how busy the machine is: starting and leaving cost a part of that again. */
function assertHeld(traced: Exit, bare: Exit, limitMillis: number): void {
  const most = limitMillis + 1000 + 6 * bare.millis;
  assert(traced.millis < most, `${traced.millis} ms of at most ${most}, ${bare.millis} without the agent`);
}

/** What a program shows of its end, without our own lines. */
const toEnding = ({ code, signal, stdout, stderr }: Exit) => ({
  code,
  signal,
  stdout: stdout.replace(/"port":\d+/, '"port":0'),
  // Node calls one listener and two from different lines of its own.
  stderr: stderr
    .replaceAll(/^tracing: .*\n/gm, '')
    .replaceAll(/node:events:\d+:\d+/g, 'node:events')
    // process.abort() prints where it was called, and for that our function is one line more.
    .replaceAll(/^\d+: apply \(.*agent\.cjs:.*\n/gm, '')
    .replaceAll(/^ ?\d+: (?:0x[\da-f]+ )?/gm, '')
    // Node 22 runs AsyncLocalStorage on async hooks, and has them in its stacks.
    .replaceAll(/^(?: +at )?(?:process\.)?callbackTrampoline \(node:internal\/async_hooks.*\n/gm, ''),
});

let backend: Backend;
before(async () => void (backend = await startBackend()));
after(() => backend.stop());

/** Runs a program with the agent and gives back its end; `url` is the OTLP endpoint. */
function runTraced(url: string, options: ProgramOptions, flags = patientFlags): Promise<Exit> {
  return runProgram({ ...options, flags, env: { BACKEND: backend.url, ...toVariable(url), ...options.env } });
}

/** The same, with the time that a user's process is held. */
const runHeld = (url: string, options: ProgramOptions): Promise<Exit> => runTraced(url, options, agentFlags);

const runBare = (options: ProgramOptions): Promise<Exit> =>
  runProgram({ ...options, env: { BACKEND: backend.url, ...options.env } });

/** An empty folder that is gone after the test. */
async function createFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'leaving-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

/** Calls the backend once, then runs `then`. Not by fetch, which costs each program as much as its start; exits.cjs and exits.mjs call by it. */
const callAndThen = (then: string): string =>
  `new Promise((resolve) => process.getBuiltinModule('node:http').get(process.env.BACKEND, (r) => r.resume().on('end', resolve))).then(() => { ${then} });`;

test('a program that emits `exit` on its own lives on, and its spans arrive', async (t) => {
  const sink = await closeAfter(t, startSink());
  const code = `process.emit('exit', 0); ${callAndThen('')}`;
  const { code: exitCode } = await runTraced(sink.url, { code });
  assert.equal(exitCode, 0);
  assert.equal(sink.spans.length, 1);
});

suite('exits: a program ends as it does without the agent', { concurrency: 6 }, () => {
  let hanging: Sink;
  let refused: string;
  before(async () => {
    hanging = await startSink({ answer: { hang: true } });
    refused = `http://127.0.0.1:${await closedPort()}`;
  });
  after(() => hanging.stop());

  // The first, the last and the one between them are those that differ most.
  const ways = [
    ['natural', END_LIMIT_MILLIS],
    ['exit-code', END_LIMIT_MILLIS],
    ['before-exit', END_LIMIT_MILLIS],
    ['throw-handled', END_LIMIT_MILLIS],
    ['throw', EXIT_LIMIT_MILLIS],
    ['throw-handled-exit', EXIT_LIMIT_MILLIS],
    ['exit', EXIT_LIMIT_MILLIS],
    ['exit-in-exit', END_LIMIT_MILLIS],
    ['reject', EXIT_LIMIT_MILLIS],
    ['reject-handled', END_LIMIT_MILLIS],
    ['abort', EXIT_LIMIT_MILLIS],
    ['sigint', END_LIMIT_MILLIS],
    ['sigterm', END_LIMIT_MILLIS],
  ] as const;

  function assertSent({ stderr }: Exit, { spans }: Sink): void {
    assert.doesNotMatch(stderr, /^tracing:/m);
    assert.deepEqual(
      spans.map(({ name, kind }) => `${kind} ${name}`),
      ['CLIENT GET'],
    );
  }

  for (const [way, limitMillis] of casesOf(ways, 3)) {
    test(`${way} with a sink (one span), a refused endpoint and one that hangs`, async (t) => {
      const sink = await closeAfter(t, startSink());
      // Where there may be a core.
      const options = { program: 'exits.cjs', args: [way], cwd: tmpdir() };
      const [bare, sent, unreachable, unanswered] = await Promise.all([
        runBare(options),
        runTraced(sink.url, options),
        runTraced(refused, options),
        runHeld(hanging.url, options),
      ]);
      assert.deepEqual(toEnding(sent), toEnding(bare));
      assertSent(sent, sink);
      assert.deepEqual(toEnding(unreachable), toEnding(bare));
      assert.match(unreachable.stderr, /^tracing: 1 span was lost on the way to .*ECONNREFUSED/m);
      assert.deepEqual(toEnding(unanswered), toEnding(bare));
      assert.match(unanswered.stderr, /^tracing: 1 span was lost/m);
      assertHeld(unreachable, bare, EXIT_LIMIT_MILLIS);
      assertHeld(unanswered, bare, limitMillis);
    });
  }

  for (const [way] of casesOf(ways, 1)) {
    test(`${way} of an ES module with a sink (one span)`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const options = { program: 'exits.mjs', args: [way], cwd: tmpdir() };
      const [bare, sent] = await Promise.all([runBare(options), runTraced(sink.url, options)]);
      assert.deepEqual(toEnding(sent), toEnding(bare));
      assertSent(sent, sink);
    });
  }

  test('sigkill is the same death, with no promise for the spans', async () => {
    const exit = await runHeld(hanging.url, { program: 'exits.cjs', args: ['sigkill'] });
    assert.deepEqual([exit.code, exit.signal], [null, 'SIGKILL']);
  });

  for (const mode of casesOf(['warn', 'strict', 'throw', 'none', 'warn-with-error-code'], 1)) {
    test(`an unhandled rejection under --unhandled-rejections=${mode} ends as without the agent, and the span arrives`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const code = callAndThen(
        "void Promise.reject(new Error('rejected on purpose')); setTimeout(() => console.log('alive'), 20);",
      );
      const flag = `--unhandled-rejections=${mode}`;
      const [bare, traced] = await Promise.all([
        runBare({ code, flags: [flag] }),
        runTraced(sink.url, { code }, [...patientFlags, flag]),
      ]);
      const toText = (exit: Exit) => ({
        ...toEnding(exit),
        stderr: toEnding(exit).stderr.replaceAll(/node:\d+/g, 'node'),
      });
      assert.deepEqual(toText(traced), toText(bare));
      assert.equal(sink.spans.length, 1);
    });
  }

  const aborts = [
    ['by a name that was imported', `import { abort } from 'node:process'; ${callAndThen('abort()')}`],
    ['as a property', callAndThen('process.abort()')],
    ['while the process exits', callAndThen("process.on('exit', () => process.abort()); process.exit(3)")],
  ] as const;
  for (const [how, code] of casesOf(aborts, 1)) {
    test(`process.abort() ${how} sends the span first`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const options = { code, cwd: tmpdir() };
      const flags = code.startsWith('import') ? ['--input-type=module'] : [];
      const [bare, traced] = await Promise.all([
        runBare({ ...options, flags }),
        runTraced(sink.url, options, [...patientFlags, ...flags]),
      ]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
      assert.equal(traced.signal, 'SIGABRT');
      assert.equal(sink.spans.length, 1);
    });
  }

  test('process.abort looks as without the agent', async () => {
    const code = `const { value, ...rest } = Object.getOwnPropertyDescriptor(process, 'abort');
      console.log(rest, value.name, value.length, Object.keys(value), Object.keys(process).indexOf('abort') === Object.keys(process).lastIndexOf('abort'));
      try { new process.abort(); } catch (error) { console.log(error.message); }`;
    const [bare, traced] = await Promise.all([runBare({ code }), runHeld(hanging.url, { code })]);
    assert.equal(traced.stdout, bare.stdout);
  });

  for (const way of casesOf(['exit', 'natural', 'throw', 'sigterm'], 1)) {
    test(`${way} costs no time when there is nothing to send`, async () => {
      const options = { program: 'exits.cjs', args: [way], env: { BACKEND: undefined } };
      const [bare, traced] = await Promise.all([runBare(options), runHeld(hanging.url, options)]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
      assert.equal(traced.stderr, bare.stderr);
      assertHeld(traced, bare, -500);
    });
  }

  test('an endpoint that takes no connection holds the process no longer than one that does not answer', async (t) => {
    const hole = await closeAfter(t, startBlackHole());
    const run = (way: string) => runHeld(hole.url, { program: 'exits.cjs', args: [way] });
    const [bare, natural, exit, sigterm] = await Promise.all([
      runBare({ program: 'exits.cjs' }),
      run('natural'),
      run('exit'),
      run('sigterm'),
    ]);
    assert.deepEqual([natural.code, exit.code, sigterm.signal], [0, 3, 'SIGTERM']);
    for (const held of [natural, exit, sigterm]) assertHeld(held, bare, END_LIMIT_MILLIS);
  });

  test('an endpoint that stops reading in the middle of a large batch holds the process no longer either', async (t) => {
    const deaf = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(deaf, 'listening');
    t.after(() => deaf.close());
    const code = `const tracer = require('@opentelemetry/api').trace.getTracer('shop');
      for (let i = 0; i < 500; i++) tracer.startSpan('price', { attributes: { text: 'a word '.repeat(2000) } }).end();`;
    const { port } = deaf.address() as AddressInfo;
    const [bare, exit] = await Promise.all([runBare({ code }), runHeld(`http://127.0.0.1:${port}`, { code })]);
    assert.equal(exit.code, 0);
    assert.match(exit.stderr, /500 spans were lost/);
    // Seven megabytes are looked through for secrets and written, before anybody waits.
    assertHeld(exit, bare, END_LIMIT_MILLIS + 1000);
  });

  test('a program that lives on while a connection is being opened ends soon as well', async (t) => {
    const hole = await closeAfter(t, startBlackHole());
    const options = { code: callAndThen('setTimeout(() => {}, 200)'), env: { OTEL_BSP_SCHEDULE_DELAY: '10' } };
    const [bare, exit] = await Promise.all([runBare(options), runHeld(hole.url, options)]);
    assert.equal(exit.code, 0);
    assertHeld(exit, bare, END_LIMIT_MILLIS);
  });
});

suite('listeners of the application on its own end', { concurrency: 4 }, () => {
  const listeners = [
    [
      'a beforeExit listener that schedules more work runs as often',
      `let runs = 0; process.on('beforeExit', () => { console.log('beforeExit', ++runs); if (runs < 3) setTimeout(() => {}, 5); });`,
    ],
    [
      'a beforeExit listener that schedules nothing runs once',
      `process.on('beforeExit', () => console.log('beforeExit'));`,
    ],
    ['a beforeExit listener that asks for an exit code gets it', `process.on('beforeExit', () => process.exit(11));`],
    ['process.exit() inside an exit listener decides the code', `process.on('exit', () => process.exit(9));`],
    [
      'a throw inside an exit listener is uncaught',
      `process.on('exit', () => { throw new Error('thrown while leaving'); });`,
    ],
    [
      "an error in a domain is the domain's",
      `require('node:domain').create().on('error', (error) => { console.log(error.message); process.exit(8); }).run(() => setImmediate(() => { throw new Error('thrown in a domain'); }));`,
    ],
    [
      'process.exitCode set while leaving holds',
      `process.on('exit', (code) => { console.log(code); process.exitCode = 12; });`,
    ],
    [
      'an uncaughtException listener goes on',
      `process.on('uncaughtException', (error) => console.log(error.message)); setTimeout(() => console.log('alive'), 20); throw new Error('borne');`,
    ],
    [
      'process.exitCode set before a throw is overruled by it',
      `process.exitCode = 14; setImmediate(() => { throw new Error('thrown on purpose'); });`,
    ],
    [
      'process.exit() twice is one exit',
      `process.on('exit', () => console.log('exit')); process.exit(1); process.exit(2);`,
    ],
  ] as const;
  for (const [what, code] of casesOf(listeners, 2)) {
    test(`${what}, and the span arrives once`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const options = { code: callAndThen(code) };
      const [bare, traced] = await Promise.all([runBare(options), runTraced(sink.url, options)]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
      assert.equal(sink.spans.length, 1);
    });
  }
});

suite('a batch that is on its way at process.exit()', { concurrency: 4 }, () => {
  /** Calls the backend, and exits when it is told to. */
  const startCalling = (t: TestContext, { url }: Sink): Promise<RunningProgram> => {
    const code = callAndThen("process.once('message', () => process.exit(3)); process.send({});");
    const env = { BACKEND: backend.url, ...toVariable(url), OTEL_BSP_SCHEDULE_DELAY: '10' };
    return closeAfter(t, startProgram({ code, env, flags: patientFlags }));
  };

  test('is not sent again when the receiver has it', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { accept: true, delayMillis: 800 } }));
    const program = await startCalling(t, sink);
    await sink.waitForRequests(1);
    program.send('exit');
    assert.equal((await program.exited).code, 3);
    assert.equal(sink.requests.length, 1);
    assert.equal(sink.spans.length, 1);
  });

  test('is sent once more when it was refused and waits for its next attempt', async (t) => {
    const sink = await closeAfter(t, startSink({ first: [{ status: 503, retryAfter: 20 }] }));
    const program = await startCalling(t, sink);
    await program.waitForOutput(/cannot deliver/);
    program.send('exit');
    const { code, stderr } = await program.exited;
    assert.equal(code, 3);
    assert.equal(sink.requests.length, 2);
    assert.equal(sink.spans.length, 1);
    assert.doesNotMatch(stderr, /lost/);
  });

  test('goes with all that waits behind it, each span once', async (t) => {
    const sink = await closeAfter(t, startSink());
    const code = `(async () => { for (let i = 0; i < 7; i++) await (await fetch(process.env.BACKEND + '/' + i)).text(); process.exit(0); })();`;
    await runTraced(sink.url, { code, env: { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '2' } });
    assert.deepEqual(sink.spans.map(({ attributes }) => String(attributes['url.full']).at(-1)).join(''), '0123456');
  });

  test('says which of several were not taken, and why', async (t) => {
    const sink = await closeAfter(t, startSink({ first: [{ status: 400 }, { accept: true }] }));
    const code = `(async () => { for (let i = 0; i < 4; i++) await (await fetch(process.env.BACKEND)).text(); process.exit(0); })();`;
    const env = { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '3', OTEL_BSP_SCHEDULE_DELAY: '60000' };
    const { stderr } = await runTraced(sink.url, { code: code.replace('4', '2'), env });
    assert.match(stderr, /^tracing: 2 spans were lost on the way to .*: HTTP status 400\n$/);
    assert.equal(sink.requests.length, 1);
  });
});

suite('signals: who decides stays the same', { concurrency: 6 }, () => {
  /** Serves one request, then gets the signal, and a second one where the first does not end it. */
  async function play(mode: string, variant: string, signal: NodeJS.Signals, flags: readonly string[], url: string) {
    const env = { ...toVariable(url), OTEL_BSP_SCHEDULE_DELAY: '60000' };
    const program = await startProgram({
      program: `signals.${variant}`,
      args: [mode],
      flags,
      env,
    });
    try {
      assert.equal(await (await fetch(`http://127.0.0.1:${program.port}/first`)).text(), 'hello');
      if (mode !== 'once' && mode !== 'ignore') return await program.kill(signal);
      program.child.kill(signal);
      await program.waitForOutput(new RegExp(`got ${signal}`));
      return await program.kill(mode === 'ignore' ? 'SIGKILL' : signal);
    } finally {
      await program[Symbol.asyncDispose]();
    }
  }

  const plays = ['none', 'close', 'exit', 'once', 'exit-later', 'ignore', 'signal-exit'].flatMap(
    (mode) =>
      [
        [mode, 'SIGTERM', 'cjs'],
        [mode, 'SIGINT', 'mjs'],
      ] as const,
  );
  for (const [mode, signal, variant] of casesOf(plays, 3)) {
    const arrives = mode === 'ignore' ? '' : ', and the span of the request served before arrives';
    test(`${mode}.${variant} on ${signal} ends as without the agent${arrives}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      const [bare, traced] = await Promise.all([
        play(mode, variant, signal, [], sink.url),
        play(mode, variant, signal, patientFlags, sink.url),
      ]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
      assert.equal(traced.stderr, bare.stderr);
      if (mode === 'ignore') return;
      assert.deepEqual(
        sink.spans.map(({ kind, attributes }) => `${kind} ${String(attributes['url.path'])}`),
        ['SERVER /first'],
      );
    });
  }

  test('a listener of the application is the only one that it counts, before and after it is called', async () => {
    const code = `
      const show = (when) => console.log(when, process.listenerCount('SIGTERM'), process.listeners('SIGTERM').every((one) => one === own));
      const own = () => { show('called'); process.removeListener('SIGTERM', own); process.on('SIGTERM', own); setImmediate(() => { show('again'); process.exit(0); }); };
      process.on('SIGTERM', own);
      setImmediate(() => { show('added'); process.kill(process.pid, 'SIGTERM'); });
      setInterval(() => {}, 1e6);`;
    const { stdout } = await runTraced('http://127.0.0.1:1', { code });
    assert.equal(stdout, 'added 1 true\ncalled 1 true\nagain 1 true\n');
  });

  test('a listener that comes and goes leaves the signal deadly', async (t) => {
    const sink = await closeAfter(t, startSink());
    const code = `const own = () => {}; process.on('SIGINT', own); setInterval(() => {}, 1e6);
      setTimeout(() => { process.removeListener('SIGINT', own); ${callAndThen("process.kill(process.pid, 'SIGINT')")} }, 10);`;
    const exit = await runTraced(sink.url, { code });
    assert.deepEqual([exit.code, exit.signal, sink.spans.length], [null, 'SIGINT', 1]);
  });

  const overtaking = [
    ['process.exit()', 'process.exit(5)'],
    ['an uncaught exception', "throw new Error('thrown too late')"],
  ] as const;
  for (const [what, then] of casesOf(overtaking, 1)) {
    test(`${what} while a signal is ending the process does not take its place`, async (t) => {
      const sink = await closeAfter(t, startSink({ answer: { hang: true } }));
      const code = callAndThen(`process.kill(process.pid, 'SIGTERM'); setTimeout(() => { ${then} }, 50);`);
      const exit = await runHeld(sink.url, { code });
      assert.deepEqual([exit.code, exit.signal], [null, 'SIGTERM']);
    });
  }

  test('a second signal ends at once; one that comes together with the first does not', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { hang: true } }));
    // Each timer is set by the one before: whatever the machine does, a signal is seen before the next.
    const play = (second: string) =>
      runHeld(sink.url, {
        code: callAndThen(`const kill = (signal) => process.kill(process.pid, signal);
          const later = () => setTimeout(() => console.log('still here'), 300);
          kill('SIGINT'); setInterval(() => {}, 1e6); ${second}`),
      });
    const [twice, together] = await Promise.all([
      play("setTimeout(() => setTimeout(() => { kill('SIGTERM'); later(); }, 400), 0);"),
      play("kill('SIGTERM'); later();"),
    ]);
    assert.deepEqual([twice.signal, twice.stdout], ['SIGINT', '']);
    assert.equal(together.stdout, 'still here\n');
  });

  test('faked timers do not keep a process alive that is told to end', async (t) => {
    const sink = await closeAfter(t, startSink({ answer: { hang: true } }));
    const code = `require('node:test').mock.timers.enable(); ${callAndThen("process.kill(process.pid, 'SIGTERM'); require('node:net').createServer().listen(0)")}`;
    const exit = await runHeld(sink.url, { code });
    assert.equal(exit.signal, 'SIGTERM');
  });
});

suite('worker threads', { concurrency: 4 }, () => {
  const ends = [
    ['process.exit()', 'process.exit(5)', 5],
    ['its natural end', '', 0],
    ['a throw', "setImmediate(() => { throw new Error('thrown in a worker') })", 1],
  ] as const;
  for (const [how, then, exitCode] of casesOf(ends, 1)) {
    test(`the span of a worker arrives once after ${how}`, async (t) => {
      const sink = await closeAfter(t, startSink());
      // A file: Node runs no --import in a worker that is given as text.
      const file = join(await createFolder(t), 'worker.cjs');
      await writeFile(file, callAndThen(then));
      const code = `const { Worker } = require('node:worker_threads');
        const worker = new Worker(${JSON.stringify(file)});
        worker.on('error', (error) => console.log(error.message)); worker.on('exit', (code) => console.log('worker exit', code));`;
      const [bare, traced] = await Promise.all([runBare({ code }), runTraced(sink.url, { code })]);
      assert.deepEqual(toEnding(traced), toEnding(bare));
      assert.match(traced.stdout, new RegExp(`worker exit ${exitCode}\n$`));
      assert.equal(sink.spans.length, 1, traced.stderr);
    });
  }

  test('the span of a worker arrives that is over before the thread that made it listens', async (t) => {
    const sink = await closeAfter(t, startSink());
    const folder = await createFolder(t);
    const [file, slow] = [join(folder, 'worker.cjs'), join(folder, 'slow.cjs')];
    await writeFile(file, callAndThen(''));
    // Before the agent's own listener, as if the system had given the thread no time.
    await writeFile(
      slow,
      `require('node:diagnostics_channel').subscribe('worker_threads', () =>
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000));`,
    );
    const code = `new (require('node:worker_threads').Worker)(${JSON.stringify(file)}).on('exit', (code) => console.log('worker exit', code));`;
    const exit = await runTraced(sink.url, { code }, ['--require', slow, ...patientFlags]);
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [0, 'worker exit 0\n', '']);
    assert.equal(sink.spans.length, 1);
  });

  test('preloads of NODE_OPTIONS run in the application only, not in the thread that sends at the end', async (t) => {
    const sink = await closeAfter(t, startSink());
    const preload = join(await createFolder(t), 'preload.cjs');
    await writeFile(
      preload,
      `require('node:fs').writeSync(1, 'preloaded ' + require('node:worker_threads').threadId + '\\n');`,
    );
    const exit = await runProgram({
      code: callAndThen('process.exit(3)'),
      env: {
        BACKEND: backend.url,
        ...toVariable(sink.url),
        NODE_OPTIONS: `${patientFlags.join(' ')} --require ${preload}`,
      },
    });
    assert.deepEqual([exit.code, exit.stdout, exit.stderr], [3, 'preloaded 0\n', '']);
    assert.equal(sink.spans.length, 1);
  });
});
