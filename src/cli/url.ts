// `tracing url`: how a URL would be recorded, what hides each piece of it, and which rules touch it.
import { type Command, EXIT, UsageError, parse } from './command.ts';
import { createPage, printJson } from './page.ts';
import { ENTRY_OPTION, readSituation } from './read-situation.ts';
import { recordUrl } from './record-url.ts';
import { printRecordedUrl } from './print-recorded-url.ts';

export const url: Command = {
  help: `  npx tracing url 'https://api.example.com/pay?token=abc&page=2'
  npx tracing url '/users/7?api_key=abc' --server --method POST
  npx tracing url https://api.example.com/x --header 'user-agent: curl'     for rules that look at headers

Options
  --server         as a server of the program receives it; without it as the program sends it
  --method <name>  GET if not given
  --header <line>  a request header, any number of times
  --entry <file>   the program whose configuration is meant; without it that of the working directory
  --json           for programs: {direction, method, ignored, ignoredBy, rules: [{name, source, actions}], span:
                   {name, attributes}, url, hidden: [{start, end, rule, means}]}; offsets are those of \`url\`

The URL itself is printed nowhere, only what is left of it. In a shell put it into quotes.
`,
  run(args) {
    const { values, positionals } = parse(args, {
      server: { type: 'boolean' },
      method: { type: 'string', default: 'GET' },
      header: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean' },
      ...ENTRY_OPTION,
    });
    const [text, ...more] = positionals;
    if (text === undefined || text === '') throw new UsageError("url needs a URL: npx tracing url 'https://…'");
    // One that is not in quotes loses what follows its first & to the shell, which starts that as a command.
    if (more.length > 0) throw new UsageError('url takes one URL; put it into quotes');
    const isPath = text.startsWith('/');
    if (isPath && values.server !== true)
      throw new UsageError('a path is what a server receives: add --server, or give the whole URL');
    if (!isPath && !/^[a-z][a-z0-9+.-]*:\/\/[^/?#]/i.test(text))
      throw new UsageError('url needs a URL that begins with http:// or https://');
    const recorded = recordUrl(
      {
        text,
        direction: values.server === true ? 'server' : 'client',
        method: values.method,
        headers: toHeaders(values.header),
      },
      readSituation(values.entry),
    );
    if (values.json === true) printJson(recorded);
    else printRecordedUrl(createPage(), recorded);
    return EXIT.done;
  },
};

function toHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^([^:\s]+)\s*:\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new UsageError("--header is written as 'name: value'");
    headers.set(name.toLowerCase(), value);
  }
  return headers;
}
