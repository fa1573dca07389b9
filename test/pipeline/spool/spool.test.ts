import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { AlwaysOnSampler, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { toDestinationKey } from '../../../src/pipeline/spool/destination-key.ts';
import {
  type StoredBatch,
  type SpoolDrop,
  type SpoolOptions,
  type SpoolStore,
  openSpool,
} from '../../../src/pipeline/spool/spool.ts';
import { createRedactionGuard } from '../../../src/processors/redaction-guard.ts';
import { createRedactor } from '../../../src/redaction/create-redactor.ts';
import { closeAfter } from '../../support/close-after.ts';
import { type ProgramOptions, runProgram, startProgram } from '../../support/run-program.ts';
import { captureLog } from '../captured-log.ts';

const KEY = toDestinationKey(['https://collector.example/v1/traces', 'http/protobuf']);
const OTHER = toDestinationKey(['https://collector.example/v1/traces', 'http/json']);
const DAY_MILLIS = 24 * 60 * 60 * 1000;
const isRoot = process.getuid?.() === 0;
const posixOnly = process.platform === 'win32' ? 'modes and owners are POSIX' : false;

/** A path in an empty folder that is gone after the test; nothing is there yet. */
function createPath(t: Pick<TestContext, 'after'>): string {
  const folder = mkdtempSync(join(tmpdir(), 'spool-'));
  t.after(() => {
    execFile('chmod', ['-R', 'u+w', folder], () => rmSync(folder, { recursive: true, force: true }));
  });
  return join(folder, 'parent', 'spool');
}

function open(dir: string, options: Partial<SpoolOptions> = {}, key = KEY): SpoolStore & { drops: SpoolDrop[] } {
  const drops: SpoolDrop[] = [];
  const limits = { maxBytes: 512 * 1024 * 1024, maxAgeMillis: 3 * DAY_MILLIS };
  const spool = openSpool({ dir, ...limits, onDrop: (drop) => void drops.push(drop), ...options });
  return { ...spool.forDestination(key), drops };
}

const batch = (text: string, items = 1): StoredBatch => ({ body: Buffer.from(text), items });

/** The bodies of all that is there, in the order in which they are taken; they are gone then. */
async function takeAll(store: SpoolStore): Promise<string[]> {
  const bodies: string[] = [];
  for (;;) {
    const taken = await store.take();
    if (taken === undefined) return bodies;
    bodies.push(Buffer.from(taken.body).toString());
    await taken.done();
  }
}

/** A program with the spool of `DIR`, opened as `store`, and `print`. */
const inProgram = (dir: string, code: string, env: ProgramOptions['env'] = {}): ProgramOptions => ({
  code: `
    if (process.env.USER_ID) process.setuid(Number(process.env.USER_ID));
    const { openSpool } = await import(${JSON.stringify(new URL('../../../src/pipeline/spool/spool.ts', import.meta.url).href)});
    const { diag } = await import(${JSON.stringify(import.meta.resolve('@opentelemetry/api'))});
    diag.setLogger({ ...console, warn: (line) => console.log('said', line), verbose() {} });
    const spool = openSpool({ dir: process.env.DIR, maxBytes: 1e9, maxAgeMillis: 1e9, onDrop() {} });
    const store = spool.forDestination(${JSON.stringify(KEY)});
    const batch = (text) => ({ body: Buffer.from(text), items: 1 });
    ${code}`,
  flags: ['--input-type=module', '--no-warnings'],
  env: { DIR: dir, ...env },
});

/** The files of the spool, and nothing else may be there. */
const files = (dir: string): string[] => readdirSync(dir).map((name) => join(dir, name));

const only = (dir: string): string => {
  const [path, ...more] = files(dir);
  assert.deepEqual(more, []);
  return path ?? '';
};

suite('what is put into the spool', () => {
  test('is taken by another process that starts later, the oldest first, as it was', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.equal(await store.put({ body: bytes, items: 7 }), true);
    assert.equal(store.putSync(batch('second', 2)), true);
    assert.equal(await store.put(batch('', 0)), true);
    const { stdout } = await runProgram(
      inProgram(
        dir,
        `for (let taken; (taken = await store.take()); await taken.done())
          console.log(taken.items, Buffer.from(taken.body).toString('hex'));`,
      ),
    );
    assert.equal(stdout, `7 ${bytes.toString('hex')}\n2 ${Buffer.from('second').toString('hex')}\n0 \n`);
    assert.deepEqual(files(dir), []);
  });

  test(
    'is for its owner alone, folder and file, and the folders above that are made',
    { skip: posixOnly },
    async (t) => {
      const dir = createPath(t);
      await open(dir).put(batch('a'));
      assert.deepEqual(
        [join(dir, '..'), dir, only(dir)].map((path) => (statSync(path).mode & 0o777).toString(8)),
        ['700', '700', '600'],
      );
    },
  );

  test('goes to the destination it is meant for and no other, also when its file is renamed', async (t) => {
    const lines = captureLog(t);
    const dir = createPath(t);
    await open(dir).put(batch('for one', 3));
    const other = open(dir, {}, OTHER);
    assert.equal(await other.take(), undefined);
    const path = only(dir);
    renameSync(path, path.replace(KEY, OTHER));
    const thief = open(dir, {}, OTHER);
    assert.equal(await thief.take(), undefined);
    assert.match(lines.join(''), /^tracing: \S+\.batch of the spool is damaged and was removed\n$/);
    assert.deepEqual(
      thief.drops.map(({ items, key }) => [items, key]),
      [[3, OTHER]],
    );
  });

  test('is one file when a process that leaves writes it while it is being written', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    const one = batch('a');
    const writing = store.put(one);
    assert.equal(store.putSync(one), true);
    assert.equal(await writing, true);
    only(dir);
    assert.deepEqual(await takeAll(store), ['a']);
  });

  test('waits again when it is released, before what is younger', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('a'));
    await store.put(batch('b'));
    const first = await store.take();
    await first?.release();
    assert.deepEqual(await takeAll(store), ['a', 'b']);
  });

  test('holds no secret that was in a span', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    const ended: ReadableSpan[] = [];
    const provider = new TracerProvider({
      sampler: new AlwaysOnSampler(),
      spanProcessors: [
        createRedactionGuard({ redactor: createRedactor(), maxValueLength: undefined }),
        {
          onStart() {},
          onEnd: (span) => void ended.push(span),
          forceFlush: () => Promise.resolve(),
          shutdown: () => Promise.resolve(),
        },
      ],
    });
    const secret = 'hunter2-of-the-spool';
    const span = provider.getTracer('shop').startSpan('GET', {
      attributes: { 'url.full': `https://user:${secret}@shop.example/?api_key=${secret}`, password: secret },
    });
    span.addEvent('called', { 'url.full': `https://shop.example/?token=${secret}` });
    span.end();
    for (const serializer of [ProtobufTraceSerializer, JsonTraceSerializer]) {
      const body = serializer.serializeRequest(ended);
      assert(body !== undefined);
      await store.put({ body, items: ended.length });
      store.putSync({ body, items: ended.length });
    }
    assert.equal(files(dir).length, 4);
    for (const path of files(dir)) {
      const content = readFileSync(path, 'latin1');
      assert.match(content, /shop\.example/);
      assert.doesNotMatch(content, new RegExp(secret));
      assert.doesNotMatch(path, new RegExp(secret));
    }
  });

  test('goes past what an application has put into node:fs since', async (t) => {
    const dir = createPath(t);
    const { stdout } = await runProgram(
      inProgram(
        dir,
        `const { default: fs } = await import('node:fs');
        for (const name of Object.keys(fs)) if (/^[a-z]/.test(name) && typeof fs[name] === 'function')
          fs[name] = () => process._rawDebug('faked', name);
        const { default: process2 } = await import('node:process');
        console.log(await store.put(batch('a')), store.putSync(batch('b')), (await store.take()).items);`,
      ),
    );
    assert.equal(stdout, 'true true 1\n');
    assert.equal(files(dir).length, 2);
  });
});

suite('the bounds of the spool', () => {
  const kilobytes = (text: string): StoredBatch => batch(text.repeat(20_000), 5);

  test('make room by deleting the oldest, and tell what was lost of whom', async (t) => {
    const dir = createPath(t);
    const options = { maxBytes: 70_000 };
    const other = open(dir, options, OTHER);
    await other.put(kilobytes('o'));
    const store = open(dir, options);
    for (const text of ['a', 'b', 'c']) assert.equal(await store.put(kilobytes(text)), true);
    assert.deepEqual(
      store.drops.map(({ key, items, reason }) => [key, items, reason.message]),
      [[OTHER, 5, 'the spool was full (export.spool.maxBytes)']],
    );
    assert.equal(store.putSync(kilobytes('d')), true);
    assert.deepEqual(
      (await takeAll(store)).map((body) => body[0]),
      ['b', 'c', 'd'],
    );
  });

  test('hold for what is put at the same time, and count small files as more than they are', async (t) => {
    const dir = createPath(t);
    const store = open(dir, { maxBytes: 10 * 16_384 });
    const texts = Array.from({ length: 25 }, (_, index) => String(index));
    const kept = await Promise.all(texts.map((text) => store.put(batch(text))));
    const left = files(dir).length;
    assert(left <= 10 && left >= 1, `${left} files`);
    assert.equal(kept.filter(Boolean).length - store.drops.length, left);
  });

  test('keep what is being sent, and take nothing that is bigger than all', async (t) => {
    const dir = createPath(t);
    const store = open(dir, { maxBytes: 25_000 });
    await store.put(kilobytes('a'));
    const taken = await store.take();
    assert.equal(await store.put(kilobytes('b')), false);
    assert.equal(await store.put(batch('x'.repeat(25_001))), false);
    await taken?.release();
    assert.equal(await store.put(batch('x'.repeat(25_001))), false);
    assert.deepEqual(await takeAll(store), ['a'.repeat(20_000)]);
    assert.deepEqual(store.drops, []);
  });

  test('delete what waited too long, by the next that looks', async (t) => {
    const dir = createPath(t);
    await open(dir, { now: () => 1_000_000 }).put(batch('old', 4));
    const later = open(dir, { now: () => 1_000_000 + 3 * DAY_MILLIS + 1 }, OTHER);
    await later.put(batch('new'));
    assert.deepEqual(
      later.drops.map(({ key, items, reason }) => [key, items, reason.message]),
      [[KEY, 4, 'they were in the spool for too long (export.spool.maxAgeMillis)']],
    );
    assert.equal(files(dir).length, 1);
  });

  test('delete nothing because the clock stepped back', async (t) => {
    const dir = createPath(t);
    let now = 50 * DAY_MILLIS;
    const options = { now: () => now };
    await open(dir, options).put(batch('before'));
    now = 2 * DAY_MILLIS;
    await open(dir, options).put(batch('after'));
    now = -DAY_MILLIS;
    assert.equal(await open(dir, options).put(batch('before 1970')), true);
    now = 3 * DAY_MILLIS;
    const store = open(dir, options);
    assert.deepEqual(await takeAll(store), ['before 1970', 'after', 'before']);
    assert.deepEqual(store.drops, []);
  });

  test('do not make ten thousand files slow: they are looked through by one listing, not one each', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('x'));
    const content = readFileSync(only(dir));
    const name = readdirSync(dir)[0] ?? '';
    for (let index = 0; index <= 10_000; index++)
      writeFileSync(join(dir, name.replace(/-\d{6}-/, `-${String(index).padStart(6, '0')}-`)), content);
    const { stdout } = await runProgram(
      inProgram(
        dir,
        `const { performance } = await import('node:perf_hooks');
        const time = async (work) => { const start = performance.now(); await work(); return performance.now() - start; };
        const first = await time(async () => (await store.take()).done());
        const hundred = await time(async () => { for (let i = 0; i < 100; i++) { await store.put(batch('y')); await (await store.take()).done(); } });
        console.log(JSON.stringify({ first, hundred }));`,
      ),
    );
    const { first, hundred } = JSON.parse(stdout) as { first: number; hundred: number };
    assert.equal(files(dir).length, 10_000);
    // A listing each, or opening each file, would be a hundred times the first.
    assert(hundred < 20 * first + 500, `${hundred} ms for 100, ${first} ms for the first`);
  });
});

suite('files that are none, or no longer whole', () => {
  for (const [what, damage] of [
    ['truncated', (path: string) => truncateSync(path, 30)],
    ['empty', (path: string) => truncateSync(path, 0)],
    ['longer than it was', (path: string) => writeFileSync(path, 'more', { flag: 'a' })],
    [
      'changed in one bit',
      (path: string) => {
        const content = readFileSync(path);
        content[25] = (content[25] ?? 0) ^ 1;
        writeFileSync(path, content);
      },
    ],
    [
      'without its mark',
      (path: string) => {
        const content = readFileSync(path);
        content.write('none');
        writeFileSync(path, content);
      },
    ],
  ] as const) {
    test(`one that is ${what} is said, counted and removed; the next is sent`, async (t) => {
      const lines = captureLog(t);
      const dir = createPath(t);
      const store = open(dir);
      await store.put(batch('broken later', 9));
      const path = only(dir);
      damage(path);
      await store.put(batch('whole'));
      assert.deepEqual(await takeAll(store), ['whole']);
      assert.deepEqual(lines, [`tracing: ${path} of the spool is damaged and was removed\n`]);
      assert.deepEqual(
        store.drops.map(({ items, reason }) => [items, reason.message]),
        [[9, 'their file in the spool was damaged']],
      );
      assert.deepEqual(files(dir), []);
    });
  }

  test('foreign ones are left alone and said once', async (t) => {
    const lines = captureLog(t);
    const dir = createPath(t);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const name of ['a.txt', 'b.batch', 'c', 'd']) writeFileSync(join(dir, name), 'mine');
    mkdirSync(join(dir, 'e'));
    const store = open(dir);
    await store.put(batch('a'));
    await store.put(batch('b'));
    assert.deepEqual(await takeAll(store), ['a', 'b']);
    assert.deepEqual(lines, [
      `tracing: files in the spool ${dir} that are not the agent's are left alone: a.txt, b.batch, c and 2 more\n`,
    ]);
    assert.equal(files(dir).length, 5);
  });

  test('a batch of a later version is left for it', async (t) => {
    const lines = captureLog(t);
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('a'));
    const path = only(dir);
    const content = readFileSync(path);
    content.writeUInt32BE(2, 4);
    writeFileSync(path, content);
    assert.deepEqual(
      [await store.take(), await store.take(), await open(dir).take()],
      [undefined, undefined, undefined],
    );
    assert.equal(only(dir), path);
    assert.match(lines[0] ?? '', /a later version of the agent wrote it/);
  });

  test(
    'links, folders and pipes with the name of a batch are not followed, opened or removed',
    { skip: posixOnly },
    async (t) => {
      captureLog(t);
      const dir = createPath(t);
      const store = open(dir);
      await store.put(batch('outside'));
      const path = only(dir);
      const outside = join(dir, '..', 'outside');
      renameSync(path, outside);
      symlinkSync(outside, path);
      mkdirSync(path.replace('-000', '-900'));
      await promisify(execFile)('mkfifo', [path.replace('-000', '-901')]);
      const fresh = open(dir);
      assert.equal(await fresh.take(), undefined);
      assert.equal(files(dir).length, 3);
      assert(lstatSync(path).isSymbolicLink());
      assert.deepEqual(fresh.drops, []);
    },
  );

  test(
    'batches that another user put there are not sent',
    { skip: posixOnly || (!isRoot && 'needs root') },
    async (t) => {
      const lines = captureLog(t);
      const dir = createPath(t);
      const store = open(dir);
      await store.put(batch('injected'));
      chownSync(only(dir), 65_534, 65_534);
      assert.equal(await store.take(), undefined);
      assert.equal(files(dir).length, 1);
      assert.match(lines[0] ?? '', /it is not a file of this user/);
    },
  );
});

suite('folders that cannot hold it', { skip: posixOnly }, () => {
  /** What is said of it; nothing is kept, sent, or thrown. */
  async function refuse(t: TestContext, dir: string): Promise<string> {
    const lines = captureLog(t);
    const store = open(dir);
    for (const kept of [await store.put(batch('a')), await store.put(batch('b')), store.putSync(batch('c'))])
      assert.equal(kept, false);
    assert.equal(await store.take(), undefined);
    assert.equal(await store.take(), undefined);
    assert.equal(lines.length, 2, lines.join(''));
    assert(lines[1]?.startsWith(`tracing: nothing can be sent from the spool ${dir}: `));
    return lines[0] ?? '';
  }

  test('a file', async (t) => {
    const dir = createPath(t);
    mkdirSync(join(dir, '..'));
    writeFileSync(dir, '');
    assert.match(await refuse(t, dir), /: it is not a folder\n$/);
    assert.match(await refuse(t, join(dir, 'below')), /: ENOTDIR\n$/);
  });

  test('one that everybody may write to', async (t) => {
    const dir = createPath(t);
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o777);
    assert.match(await refuse(t, dir), /: others may write to it \(mode 777\); name a folder inside it\n$/);
    assert.equal(await open(join(dir, 'inside')).put(batch('a')), true);
  });

  test('one of another user, and a link that he made', { skip: !isRoot && 'needs root' }, async (t) => {
    const dir = createPath(t);
    mkdirSync(dir, { recursive: true });
    chownSync(dir, 65_534, 65_534);
    assert.match(await refuse(t, dir), /: it belongs to another user\n$/);
    const own = join(dir, '..', 'own');
    mkdirSync(own, { mode: 0o700 });
    const link = join(dir, '..', 'link');
    symlinkSync(own, link);
    assert.equal(await open(link).put(batch('a')), true);
    await promisify(execFile)('chown', ['-h', '65534', link]);
    assert.match(await refuse(t, link), /: it is a link that another user made\n$/);
  });

  test('one that may only be read', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('there before'));
    if (isRoot) {
      for (const path of [join(dir, '..', '..'), join(dir, '..'), dir, ...files(dir)]) chownSync(path, 65_534, 65_534);
    }
    chmodSync(dir, 0o500);
    const code = `console.log(await store.put(batch('a')), store.putSync(batch('b')), await store.take(), await store.take());`;
    const { stdout } = await runProgram(inProgram(dir, code, isRoot ? { USER_ID: '65534' } : {}));
    assert.deepEqual(stdout.split('\n').sort(), [
      '',
      'false false undefined undefined',
      `said nothing can be kept in the spool ${dir}: EACCES`,
      `said nothing can be sent from the spool ${dir}: EACCES`,
    ]);
    chmodSync(dir, 0o700);
    assert.equal(files(dir).length, 1);
  });

  test('of a server that starts as root and goes on as somebody else', { skip: !isRoot && 'needs root' }, async (t) => {
    const dir = createPath(t);
    chownSync(join(dir, '..', '..'), 65_534, 65_534);
    const code = `process.setuid(65534); console.log(await store.put(batch('a')), (await store.take()).items);`;
    assert.equal((await runProgram(inProgram(dir, code))).stdout, 'true 1\n');
  });

  test('one that is taken away while it is used is made again', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('gone'));
    rmSync(dir, { recursive: true });
    assert.equal(await store.put(batch('kept')), true);
    assert.deepEqual(await takeAll(store), ['kept']);
  });

  /** Runs a program of the spool under a shell that first limits something. */
  async function runUnder(shell: readonly string[], options: ProgramOptions): Promise<string> {
    const args = [...(options.flags ?? []), '-e', options.code ?? ''];
    const [file = '', ...first] = shell;
    const { stdout } = await promisify(execFile)(file, [...first, process.execPath, ...args], {
      env: { ...process.env, ...options.env },
    });
    return stdout;
  }
  const putMuch = `
    const big = { body: Buffer.alloc(200_000), items: 1 };
    console.log(await store.put(batch('a')), await store.put(big), store.putSync(big), await store.put(batch('b')));
    const { readdirSync } = await import('node:fs');
    console.log(readdirSync(process.env.DIR).filter((name) => name.endsWith('.batch')).length, readdirSync(process.env.DIR).length);
    for (let taken; (taken = await store.take()); await taken.done()) console.log(String(taken.body));`;

  test('a file that may not grow: the part that was written is removed, the rest stays usable', async (t) => {
    const dir = createPath(t);
    const stdout = await runUnder(['sh', '-c', 'ulimit -f 64; exec "$0" "$@"'], inProgram(dir, putMuch));
    assert.equal(stdout, `said nothing can be kept in the spool ${dir}: EFBIG\ntrue false false true\n2 2\na\nb\n`);
  });

  test('a disk that is full: the same', async (t) => {
    const dir = createPath(t);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const mount = 'mount -t tmpfs -o size=128k,mode=700 tmpfs "$DIR" || exit 77; exec "$0" "$@"';
    try {
      const stdout = await runUnder(['unshare', '-rm', 'sh', '-c', mount], inProgram(dir, putMuch));
      assert.equal(stdout, `said nothing can be kept in the spool ${dir}: ENOSPC\ntrue false false true\n2 2\na\nb\n`);
    } catch (error) {
      const { code } = error as { code?: unknown };
      if (code !== 77 && code !== 1 && code !== 'ENOENT') throw error;
      t.skip('no file system may be mounted here');
    }
  });
});

suite('several processes', { concurrency: 2 }, () => {
  test('four that take at the same instant take each batch once', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    const texts = Array.from({ length: 120 }, (_, index) => `batch ${index}`);
    for (const text of texts) await store.put(batch(text));
    const code = `
      process.send({});
      await new Promise((resolve) => process.once('message', resolve));
      for (let taken; (taken = await store.take()); await taken.done()) console.log(String(taken.body));
      process.disconnect();`;
    const programs = await Promise.all([1, 2, 3, 4].map(() => closeAfter(t, startProgram(inProgram(dir, code)))));
    for (const program of programs) program.send('go');
    const exits = await Promise.all(programs.map(({ exited }) => exited));
    assert.deepEqual(
      exits.map(({ code, stderr }) => [code, stderr]),
      exits.map(() => [0, '']),
    );
    const taken = exits.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
    assert.deepEqual(taken.sort(), texts.sort());
    assert.deepEqual(files(dir), []);
  });

  test('four that put at the same instant lose nothing', async (t) => {
    const dir = createPath(t);
    const code = `for (let i = 0; i < 50; i++) await store.put(batch(process.env.WHO + '.' + i));
      for (let i = 50; i < 60; i++) store.putSync(batch(process.env.WHO + '.' + i));`;
    await Promise.all(['a', 'b', 'c', 'd'].map((who) => runProgram(inProgram(dir, code, { WHO: who }))));
    assert.equal(new Set(await takeAll(open(dir))).size, 240);
  });

  test('what a process was sending when it was killed is sent by the next, what it was writing is removed', async (t) => {
    const dir = createPath(t);
    const store = open(dir);
    await store.put(batch('in its hands'));
    const code = `const taken = await store.take(); process.send({}); setInterval(() => {}, 1e6);`;
    const program = await closeAfter(t, startProgram(inProgram(dir, code)));
    assert.equal(await open(dir).take(), undefined);
    const held = only(dir);
    writeFileSync(held.replace('.sending-', '.writing-'), 'half');
    await program.kill('SIGKILL');
    assert.deepEqual(await takeAll(open(dir)), ['in its hands']);
    assert.deepEqual(files(dir), []);
  });

  test('what a process of another machine or container holds is free after five minutes', async (t) => {
    const dir = createPath(t);
    const now = 40 * DAY_MILLIS;
    await open(dir, { now: () => now }).put(batch('elsewhere'));
    const path = only(dir);
    renameSync(path, `${path}.sending-${now}-elsewhere.1.abc.0`);
    assert.equal(await open(dir, { now: () => now + 4 * 60_000 }).take(), undefined);
    assert.deepEqual(await takeAll(open(dir, { now: () => now + 6 * 60_000 })), ['elsewhere']);
  });

  test(
    'a pid that has come again is another process',
    { skip: process.platform !== 'linux' && 'by /proc' },
    async (t) => {
      const dir = createPath(t);
      const store = open(dir);
      await store.put(batch('of the one before'));
      await store.take();
      const held = only(dir);
      const before = held.replace(/(?<=\.)[^.]+(?=\.\d+$)/, 'another');
      renameSync(held, before);
      assert.deepEqual(await takeAll(open(dir)), ['of the one before']);
    },
  );
});

test('opening a spool touches nothing', (t) => {
  const dir = createPath(t);
  open(dir);
  assert.throws(() => statSync(dir), /ENOENT/);
});
