// Loaded by node:test in the suites that run-suite.ts runs: one line of JSON for every test as it ends, so that a run that is cut short still tells.
export default async function* report(source) {
  const titles = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') titles[data.nesting] = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { error } = data.details;
    // What failed by its subtests alone passed as far as it goes itself: they have lines of their own.
    const failed = type === 'test:fail' && data.todo === undefined && error?.failureType !== 'subtestsFailed';
    if (data.details.type === 'suite' && !failed) continue;
    yield `${JSON.stringify({
      title: [...titles.slice(0, data.nesting), data.name].join(' > '),
      outcome: data.skip === undefined ? (failed ? 'fail' : 'pass') : 'skip',
      ...(failed && { reason: String(error?.cause?.stack ?? error?.stack ?? error) }),
    })}\n`;
  }
}
