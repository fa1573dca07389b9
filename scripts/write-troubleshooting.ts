// Run by `npm run troubleshooting`: writes docs/troubleshooting.md from the causes that doctor knows. A test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sections } from '../src/cli/doctor/causes.ts';
import type { Level } from '../src/cli/doctor/cause.ts';

const MARKS: Readonly<Record<Level, string>> = { fail: '✗', warn: '!', note: '·' };

/** `<command>` is no element. */
const escape = (text: string): string => text.replaceAll('<', '&lt;');

/** The text of the page. */
export function createTroubleshooting(): string {
  const tables = sections.map(([heading, causes]) => {
    const rows = causes.map(
      ({ id, level, title, mend }) => `| ${MARKS[level]} \`${id}\` | ${escape(title)} | ${escape(mend)} |`,
    );
    return [`## ${heading}`, '', '| | what is so | what mends it |', '|---|---|---|', ...rows, ''].join('\n');
  });
  return `# Troubleshooting

No spans, or not all of them? Ask:

\`\`\`sh
npx tracing doctor -- npm start
\`\`\`

It runs your own start command for a moment, looks inside, tries every destination with a test span, and names what it finds ([cli.md](cli.md)). These are all
the causes that it knows: ✗ there are no spans, or not all; ! some may be missing; · worth knowing.

${tables.join('\n')}
## When it finds nothing

- \`OTEL_LOG_LEVEL=debug\` makes the agent say what it does, on stderr.
- \`TRACING_CONSOLE=line\` shows every span as it ends, whatever happens to it on its way to a receiver.
- \`npx tracing url <url>\` says what becomes of one URL, and which rule ignores it.
- \`npx tracing config --changed\` says what is not at its default, and who has set it.
`;
}

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../docs/troubleshooting.md', import.meta.url)), createTroubleshooting());
}
