// `tracing url`: what would be recorded of a URL, each hidden piece with its reason, each rule that fits, and never the secret.
import assert from 'node:assert/strict';
import { suite, test, type TestContext } from 'node:test';
import type { RecordedUrl } from '../../src/cli/record-url.ts';
import { createProject } from '../config/project.ts';
import { callMain } from './call-main.ts';

const project = createProject({
  '.tracingrc': `
url:
  redact:
    keys: [order_ref]
    paths: ['/invite/:code']
    values: ['EMP-[0-9]+']
  ignore: [/health, { header: { user-agent: 'kube-probe/*' } }]
  rules:
    - match: { path: /users/:id }
      name: /users/:id
      redact: [q]
    - match: { path: /metrics, method: [GET] }
      ignore: true
`,
});

async function explain(t: TestContext, args: readonly string[], cwd = project.folder): Promise<RecordedUrl> {
  const called = await callMain(t, ['url', '--json', ...args], { cwd });
  assert.deepEqual([called.code, called.stderr], [0, '']);
  return JSON.parse(called.stdout) as RecordedUrl;
}

/** `rule: means`, at what stands there. */
const reasons = ({ url, hidden }: RecordedUrl): readonly string[] =>
  hidden.map(({ start, end, rule, means }) => `${url.slice(start, end)} ${rule}: ${means}`);

suite('tracing url', () => {
  test('says of every hidden piece where it is and what hides it', async (t) => {
    const url =
      'https://bob:hunter2@api.example.com/users/7?token=s3cret&page=2&order_ref=A-17&q=shoes&by=EMP-42&x=ghp_0123456789abcdefghijABCDEFGHIJ012345';
    const recorded = await explain(t, [url]);
    assert.equal(
      recorded.url,
      'https://REDACTED:REDACTED@api.example.com/users/7?token=REDACTED&page=2&order_ref=REDACTED&q=REDACTED&by=REDACTED&x=REDACTED',
    );
    assert.deepEqual(reasons(recorded), [
      'REDACTED userinfo: user and password of a URL',
      'REDACTED userinfo: user and password of a URL',
      'REDACTED name:token: token is a name of secrets',
      'REDACTED name:orderref: orderref is hidden by url.redact.keys',
      'REDACTED name:q: q is hidden by url.rules[0]',
      'REDACTED value: url.redact.values',
      'REDACTED shape:github: it looks like a key or token (github)',
    ]);
    assert.equal(recorded.span?.name, 'GET /users/:id');
    assert.equal(recorded.span?.attributes['url.full'], recorded.url);
    assert.deepEqual(recorded.rules, [
      { name: 'url.rules[0]', source: '.tracingrc:8', actions: ['redact: q', 'name: /users/:id'] },
    ]);
  });

  test('records a received request as the server instrumentation does', async (t) => {
    const recorded = await explain(t, ['/invite/abc-123?api_key=s3cret', '--server', '--method', 'POST']);
    assert.deepEqual(recorded.span, {
      name: 'POST',
      attributes: {
        'http.request.method': 'POST',
        'url.scheme': 'http',
        'url.path': '/invite/REDACTED',
        'url.query': 'api_key=REDACTED',
        'server.address': 'localhost',
        'server.port': 80,
        'network.protocol.version': '1.1',
      },
    });
    assert.deepEqual(reasons(recorded), [
      'REDACTED pattern:code: :code of url.redact.paths',
      'REDACTED name:apikey: apikey is a name of secrets',
    ]);
  });

  test('names the rule that ignores a request', async (t) => {
    const health = await explain(t, ['https://shop.example/health']);
    assert.deepEqual([health.ignored, health.ignoredBy?.name, health.span], [true, 'url.ignore[0]', null]);
    const probe = await explain(t, ['/', '--server', '--header', 'User-Agent: kube-probe/1.30']);
    assert.equal(probe.ignoredBy?.name, 'url.ignore[1]');
    const rule = await explain(t, ['/metrics', '--server']);
    assert.deepEqual(rule.ignoredBy, { name: 'url.rules[1]', source: '.tracingrc:8', actions: ['ignore'] });
    const other = await explain(t, ['/metrics', '--server', '--method', 'POST']);
    assert.deepEqual([other.ignored, other.ignoredBy, other.rules], [false, null, []]);
  });

  test('hides everything while the url section is broken, and says so', async (t) => {
    const broken = createProject({ '.tracingrc': 'url: { redact: { kyes: [a] } }' });
    const recorded = await explain(t, ['https://a.example/x?plain=1'], broken.folder);
    assert.deepEqual([recorded.url, recorded.hidesAll], ['https://a.example/x?plain=REDACTED', true]);
    const { stdout } = await callMain(t, ['url', 'https://a.example/x?plain=1'], { cwd: broken.folder });
    assert.match(stdout, /! the url section has a mistake/);
  });

  test('runs the filter of the configuration first, and shows what it leaves', async (t) => {
    const filtered = createProject({
      'tracing.config.mjs': 'export default { url: { filter(url) { url.searchParams.delete("utm"); return url; } } };',
    });
    const recorded = await explain(t, ['https://a.example/x?utm=s3cret&token=s3cret'], filtered.folder);
    assert.equal(recorded.url, 'https://a.example/x?token=REDACTED');
    assert.deepEqual(
      recorded.hidden.map(({ start, end }) => [start, end]),
      [[26, 34]],
    );
  });

  test('draws carets under what is hidden, in lines that fit, and prints no secret', async (t) => {
    const url = `https://api.example.com/a?token=s3cretOne&note=${'long'.repeat(20)}&password=s3cretTwo`;
    const { stdout } = await callMain(t, ['url', url], { cwd: project.folder });
    const lines = stdout.split('\n');
    for (const [index, line] of lines.entries()) {
      if (!/^ +\^[\^ ]*$/.test(line)) continue;
      for (const { 0: carets, index: at } of line.matchAll(/\^+/g))
        assert.equal(lines[index - 1]?.slice(at, at + carets.length), 'REDACTED');
    }
    assert.equal(stdout.match(/\^{8}/g)?.length, 2);
    assert.doesNotMatch(stdout, /s3cret/);
  });

  test('leaves alone what is none, and never prints control characters of a URL', async (t) => {
    const recorded = await explain(t, ['https://api.example.com/users/8?page=2']);
    assert.deepEqual(recorded.hidden, []);
    const { stdout } = await callMain(t, ['url', 'https://a.example/\u001b[31mred?a=\u202e'], { cwd: project.folder });
    assert.doesNotMatch(stdout, /\u001b|\u202e/);
  });
});
