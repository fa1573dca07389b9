// What all commands have in common: help, version, wrong usage; colours and widths in a terminal, none in a pipe.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import packageJson from '../../package.json' with { type: 'json' };
import { createProject } from '../config/project.ts';
import { casesOf } from '../support/every-case.ts';
import { runProgram } from '../support/run-program.ts';
import { callMain } from './call-main.ts';
import { hasTerminal, runInTerminal } from './terminal.ts';

const program = fileURLToPath(new URL('../../bin/tracing.js', import.meta.url));
const commands = ['run', 'doctor', 'config', 'url', 'view', 'tail', 'trace', 'open', 'init'] as const;
const ESCAPE = /\x1b\[/;

suite('the command line', () => {
  test('has a help that shows an example first, and every command', async (t) => {
    const { code, stdout } = await callMain(t, ['--help']);
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}npx tracing run -- node app\.js/);
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} +\\w`, 'm'));
  });

  test('shows that help for no command at all, which is wrong usage', async (t) => {
    const { code, stdout } = await callMain(t, []);
    assert.equal(code, 2);
    assert.match(stdout, /^ {2}npx tracing run/);
  });

  for (const command of commands) {
    test(`has a help of ${command} that begins with an example and fits 120 columns`, async (t) => {
      const { code, stdout, stderr } = await callMain(t, [command, '--help']);
      assert.deepEqual([code, stderr], [0, '']);
      assert.match(stdout, new RegExp(`^  npx tracing ${command}\\b`));
      assert.ok(stdout.split('\n').every((line) => line.length <= 120));
    });
  }

  for (const [args, stderr] of [
    [['rnu'], 'tracing: rnu is not a command (did you mean run?)\n'],
    [['explain-everything'], 'tracing: explain-everything is not a command (try: npx tracing --help)\n'],
    [['--verison'], 'tracing: --verison is not an option (did you mean --version?)\n'],
    [['config', '--jsn'], 'tracing: --jsn is not an option (did you mean --json?)\n'],
    [['config', 'sampling.rat'], 'tracing: sampling.rat is not an option (did you mean sampling.ratio?)\n'],
    [
      ['config', 'instrumentations.expres'],
      'tracing: instrumentations.expres is not an option (did you mean instrumentations.express?)\n',
    ],
    [['url'], "tracing: url needs a URL: npx tracing url 'https://…'\n"],
    [['url', '/cart'], 'tracing: a path is what a server receives: add --server, or give the whole URL\n'],
    [['url', 'https://a.example/?token', 'b'], 'tracing: url takes one URL; put it into quotes\n'],
    [['init', 'shop'], 'tracing: init takes no names; it writes into the project that it is run in\n'],
    [['doctor', '--'], 'tracing: doctor needs a command behind --: npx tracing doctor -- npm start\n'],
    [['doctor', '--seconds', 'soon'], 'tracing: --seconds is a number from 1 to 3600\n'],
    [['run'], 'tracing: run needs a command: npx tracing run -- node app.js\n'],
    [
      ['run', '--hepl'],
      'tracing: run has no option --hepl (did you mean --help?); a command comes behind --: npx tracing run -- node app.js\n',
    ],
  ] as const) {
    test(`answers ${args.join(' ')} with one line and code 2`, async (t) => {
      assert.deepEqual(await callMain(t, args), { code: 2, stdout: '', stderr });
    });
  }
});

suite('tracing', { concurrency: 3, timeout: 120_000 }, () => {
  test('shows its version', async () => {
    assert.equal((await runProgram({ program, args: ['--version'] })).stdout, `${packageJson.version}\n`);
  });

  test('ends with code 2 and one line on stderr where it is used wrongly', async () => {
    const { code, stdout, stderr } = await runProgram({ program, args: ['rnu'] });
    assert.deepEqual([code, stdout, stderr], [2, '', 'tracing: rnu is not a command (did you mean run?)\n']);
  });

  /** Every command that prints a page, in a project that gives it something to say. */
  const pages: ReadonlyArray<readonly [args: readonly string[], code: number, says: RegExp]> = [
    [['config', '--changed'], 1, /sampling\n {2}ratio +0\.5 +\.tracingrc:2\n/],
    [['url', 'https://api.example.com/pay?token=abc'], 0, /\?token=REDACTED\n +\^{8}\n +name:token/],
    [
      ['doctor'],
      1,
      /✗ config-key {2}\.tracingrc:3 sampling\.kepe is not an option\n {2}→ write sampling\.keep\n\n1 failure\n/,
    ],
    [['init'], 1, /^! there is a configuration already: \.tracingrc; nothing is written\n/],
  ];
  const project = createProject({ '.tracingrc': 'sampling:\n  ratio: 0.5\n  kepe: errors\n' });
  const withoutColors = (text: string): string => text.replaceAll(/\x1b\[\d+m/g, '');

  for (const [args, code, says] of casesOf(pages, 2)) {
    test(`${args.join(' ')} has no colour in a pipe, unless FORCE_COLOR asks for it`, async () => {
      const plain = await runProgram({ program, args, cwd: project.folder });
      assert.deepEqual([plain.code, plain.stderr], [code, '']);
      assert.match(plain.stdout, says);
      assert.doesNotMatch(plain.stdout, ESCAPE);
      assert.doesNotMatch(plain.stdout, / $/m);
      assert.ok(
        plain.stdout.split('\n').every((line) => line.length <= 100),
        plain.stdout,
      );
      const forced = await runProgram({ program, args, cwd: project.folder, env: { FORCE_COLOR: '1' } });
      assert.match(forced.stdout, ESCAPE);
      assert.equal(withoutColors(forced.stdout), plain.stdout);
    });

    test(
      `${args.join(' ')} has colours in a terminal, fits it, and hears NO_COLOR`,
      { skip: !hasTerminal },
      async (t) => {
        const colored = await runInTerminal(t, [program, ...args], { cwd: project.folder, columns: 72 });
        assert.equal(colored.code, code);
        assert.match(colored.text, ESCAPE);
        const lines = withoutColors(colored.text).split('\n');
        assert.ok(
          lines.every((line) => line.length <= 72),
          lines.join('\n'),
        );
        const plain = await runInTerminal(t, [program, ...args], { cwd: project.folder, env: { NO_COLOR: '1' } });
        assert.doesNotMatch(plain.text, ESCAPE);
        assert.match(plain.text, says);
      },
    );
  }
});
