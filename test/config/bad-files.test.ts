import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { createProject } from './project.ts';

/** A `.tracingrc`, the lines it prints, and whether URLs are hidden. */
const cases: readonly { name: string; text: string; lines: string[]; hidden: boolean }[] = [
  {
    name: 'a misspelt key',
    text: 'url:\n  redact:\n    kyes: [a]\n',
    lines: ['.tracingrc:3 url.redact.kyes is not an option (did you mean url.redact.keys?)'],
    hidden: true,
  },
  {
    name: 'a misspelt section',
    text: 'ulr:\n  redact: {}\n',
    lines: ['.tracingrc:1 ulr is not an option (did you mean url?)'],
    hidden: true,
  },
  {
    name: 'a section in the wrong place',
    text: 'redact:\n  keys: [a]\n',
    lines: ['.tracingrc:1 redact is not an option (did you mean url.redact?)'],
    hidden: true,
  },
  {
    name: 'a key nobody knows',
    text: 'log:\n  level: info\nwhatever: 1\n',
    lines: ['.tracingrc:3 whatever is not an option'],
    hidden: false,
  },
  {
    name: 'a key of a later version',
    text: 'console:\n  showSummary: true\n',
    lines: ['.tracingrc:2 console.showSummary is not supported in this version yet'],
    hidden: false,
  },
  {
    name: 'a rule with a misspelt key',
    text: 'url:\n  rules:\n    - match: /a/*\n    - match:\n        pth: /b\n',
    lines: [
      '.tracingrc:4 url.rules[1].match: expected in pth one of the keys direction, method, host, path, query, header, got an object; ignoring it',
    ],
    hidden: true,
  },
  {
    name: 'an expression that cannot run in linear time',
    text: "url:\n  ignore:\n    - '/(?=secret)x/'\n    - /health\n",
    lines: [
      '.tracingrc:3 url.ignore[0]: expected a pattern whose regular expression runs in linear time (no look-around, no back references), got a string; ignoring it',
    ],
    hidden: true,
  },
  {
    name: 'a wrong type',
    text: '\n\nsampling:\n  # one in two\n  ratio: "0.5 of all traces"\n',
    lines: ['.tracingrc:5 sampling.ratio: expected a number from 0 to 1, got a string; using the default 1'],
    hidden: false,
  },
  {
    name: 'a value instead of a section',
    text: 'url: "x"\n',
    lines: ['.tracingrc:1 url: expected an object, got a string'],
    hidden: true,
  },
  {
    name: 'a list instead of a section',
    text: 'export:\n  - otlp\n',
    lines: ['.tracingrc:1 export: expected an object, got a list'],
    hidden: false,
  },
  {
    name: 'a section instead of a value',
    text: 'sampling:\n  ratio:\n    of: 1\n',
    lines: ['.tracingrc:2 sampling.ratio: expected a number from 0 to 1, got an object; using the default 1'],
    hidden: false,
  },
  {
    name: 'a wrong entry in a list',
    text: 'url:\n  redact:\n    keys:\n      - a\n      - 3\n      - b\n',
    lines: ['.tracingrc:5 url.redact.keys[1]: expected a name, got a number; ignoring it'],
    hidden: true,
  },
  {
    name: 'an empty marker',
    text: 'url: { redact: { marker: "" } }\n',
    lines: [
      '.tracingrc:1 url.redact.marker: expected one to 64 letters, digits or any of _ - . * [ ] < >, got an empty string; using the default "REDACTED"',
    ],
    hidden: true,
  },
  {
    name: 'several mistakes at once',
    text: 'log: { level: loud }\nexport:\n  console: fancy\n  batch: { maxSpans: 0.5 }\nenabled: yes\n',
    lines: [
      '.tracingrc:1 log.level: expected none, error, warn, info, debug, verbose or all, got "loud"; using the default "warn"',
      '.tracingrc:3 export.console: expected auto, off, tree, line or json, got "fancy"; using the default "auto"',
      '.tracingrc:4 export.batch.maxSpans: expected a whole number of at least 1, got 0.5; using the default 512',
      '.tracingrc:5 enabled: expected true or false, got "yes"; using the default true',
    ],
    hidden: false,
  },
  {
    name: 'a list at the top',
    text: '- a\n- b\n',
    lines: ['.tracingrc:1 expected an object with options, got a list; the file is not used'],
    hidden: true,
  },
  {
    name: 'a word at the top',
    text: 'hello\n',
    lines: ['.tracingrc:1 expected an object with options, got a string; the file is not used'],
    hidden: true,
  },
  { name: 'an empty file', text: ' \n', lines: ['.tracingrc is empty'], hidden: false },
  { name: 'nothing but comments', text: '# nothing\n', lines: [], hidden: false },
  { name: 'null', text: 'url: null\nlog:\n  level: ~\n', lines: [], hidden: false },
  {
    name: 'a syntax error',
    text: 'log:\n  level: info\n url: x\n',
    lines: ['.tracingrc:3 is not valid YAML or JSON (bad indent); the file is not used'],
    hidden: true,
  },
  {
    name: 'broken JSON',
    text: '{\n  "log": { "level": "info",\n',
    lines: ['.tracingrc:3 is not valid YAML or JSON (bad indent); the file is not used'],
    hidden: true,
  },
  {
    name: 'a key that is given twice',
    text: 'log: { level: info }\nsampling: { ratio: 1 }\nlog: { level: error }\n',
    lines: ['.tracingrc:3 log is given twice; the last one counts'],
    hidden: false,
  },
  {
    name: 'a key of url that is given twice',
    text: 'url:\n  redact:\n    keys: [a]\n  redact:\n    keys: [b]\n',
    lines: ['.tracingrc:4 redact is given twice; the last one counts'],
    hidden: true,
  },
  {
    name: 'keys of the prototype',
    text: '__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }\nlog: { __proto__: { x: 1 }, toString: 1 }\n',
    lines: [
      '.tracingrc:1 __proto__ is not an option',
      '.tracingrc:2 constructor is not an option',
      '.tracingrc:3 log.__proto__ is not an option',
      '.tracingrc:3 log.toString is not an option',
    ],
    hidden: false,
  },
  {
    name: 'aliases that multiply',
    text: `a: &a [x, x, x, x, x, x, x, x, x]\n${'bcdefg'
      .split('')
      .map(
        (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${'abcdef'[index]}`).join(', ')}]\n`,
      )
      .join('')}`,
    lines: ['.tracingrc is nested too deeply, or multiplies its aliases; the file is not used'],
    hidden: true,
  },
  {
    name: 'nesting without end',
    text: '['.repeat(200_000),
    lines: ['.tracingrc:1 is not valid YAML or JSON (resource exhaustion); the file is not used'],
    hidden: true,
  },
  {
    name: 'a line break in a key',
    text: '"a\\ntracing: all is well": 1\n',
    lines: ['.tracingrc:1 a?tracing: all is well is not an option'],
    hidden: false,
  },
  {
    name: 'a file that is too big',
    text: `# ${'x'.repeat(1024 * 1024)}\n`,
    lines: ['.tracingrc is larger than 1 MiB; the file is not used'],
    hidden: true,
  },
  {
    name: '$import of cosmiconfig',
    text: '$import: other.yaml\n',
    lines: ['.tracingrc:1 $import is not an option'],
    hidden: true,
  },
];

describe('bad files', () => {
  for (const { name, text, lines, hidden } of cases) {
    it(`survives ${name}`, () => {
      const project = createProject({ '.tracingrc': text });
      assert.deepEqual(project.lines(), lines);
      assert.equal(project.read().urlHidden, hidden);
    });
  }

  it('loses nothing but the wrong value', () => {
    const project = createProject({
      '.tracingrc': 'sampling: { ratio: x }\nlog: { level: error }\nurl: { redact: { keys: [a, 1, b] } }\n',
    });
    const { config } = project.read();
    assert.equal(config['sampling.ratio'], 1);
    assert.equal(config['log.level'], 'error');
    assert.deepEqual(config['url.redact.keys'], ['a', 'b']);
    assert.equal(({} as { polluted?: number }).polluted, undefined);
  });

  it('says once what follows for URLs, as the last line', () => {
    const project = createProject({ '.tracingrc': 'url: { ignore: 3, redact: 3 }\n' });
    const messages = project.read().issues.map((issue) => issue.message);
    assert.equal(messages.length, 3);
    assert.match(messages.at(-1) ?? '', /every value in a URL that might be secret is hidden$/u);
  });

  it('prints no more than fifty mistakes', () => {
    const project = createProject({
      '.tracingrc': Array.from({ length: 900 }, (_, index) => `k${index}: 1\n`).join(''),
    });
    const lines = project.lines();
    assert.equal(lines.length, 51);
    assert.equal(lines.at(-1), 'and 850 more of the kind');
  });

  it('takes dotted keys for nested ones', () => {
    const project = createProject({
      '.tracingrc': 'url.redact.keys: voucher, invite\nexport: { batch.maxSpans: 3 }\n',
    });
    const { config, issues } = project.read();
    assert.deepEqual(config['url.redact.keys'], ['voucher', 'invite']);
    assert.equal(config['export.batch.maxSpans'], 3);
    assert.deepEqual(issues, []);
  });

  it('knows the lines of a package.json', () => {
    const project = createProject({ 'package.json': { name: 'x', tracing: { log: { level: 'loud' } } } });
    assert.match(project.lines()[0] ?? '', /^package\.json:5 log\.level: expected none, /u);
  });

  it('reports a package.json that is broken where its tracing property is', () => {
    const project = createProject({ 'package.json': '{ "tracing": { "log": ' });
    assert.match(project.lines()[0] ?? '', /^package\.json:1 is not valid YAML or JSON/u);
    assert.equal(project.read().urlHidden, true);
  });

  it('reads UTF-16, as PowerShell writes it, and a byte order mark', () => {
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const project = createProject({ '.tracingrc': Buffer.from('\uFEFFlog: { level: error }\n', encoding) });
      assert.equal(project.read().config['log.level'], 'error', encoding);
      assert.deepEqual(project.lines(), []);
    }
  });

  it('reports a folder in the place of a file', () => {
    const project = createProject({ '.tracingrc/x': '', '.tracingrc.json': '{ "log": { "level": "error" } }' });
    assert.deepEqual(project.lines(), ['.tracingrc is a folder, not a file; the file is not used']);
    const { config, urlHidden } = project.read();
    assert.equal(config['log.level'], 'error');
    assert.equal(urlHidden, true);
  });

  it('does not wait for a pipe', { skip: process.platform === 'win32' }, () => {
    const project = createProject({});
    execFileSync('mkfifo', [join(project.folder, '.tracingrc')]);
    assert.deepEqual(project.lines(), ['.tracingrc is not a regular file; the file is not used']);
  });

  it('reports a file and a folder that it may not read', { skip: process.platform === 'win32' }, () => {
    const project = createProject({ '.tracingrc': '' });
    chmodSync(join(project.folder, '.tracingrc'), 0);
    mkdirSync(join(project.folder, '.config'), { mode: 0 });
    chmodSync(project.folder, 0o755);
    // root may read everything, so ask as somebody else.
    const module = pathToFileURL(join(import.meta.dirname, '../../src/config/read-config.ts')).href;
    const script = `const { readConfig } = await import(${JSON.stringify(module)});
      process.setuid?.(process.getuid() === 0 ? 65534 : process.getuid());
      const result = readConfig({ env: {}, entry: undefined, cwd: ${JSON.stringify(project.folder)} });
      console.log(JSON.stringify([result.issues.map((issue) => issue.message), result.urlHidden]));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    const [lines, hidden] = JSON.parse(stdout) as [string[], boolean];
    assert.deepEqual(lines.slice(0, 2), [
      '.config cannot be opened (EACCES); the file is not used',
      '.tracingrc cannot be read (EACCES); the file is not used',
    ]);
    assert.equal(hidden, true);
  });
});
