// Reporter of `npm test`: nothing for what passes, everything for what fails, the skipped with their reasons, and the counts.
export default async function* report(source) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const output = new Map();
  for await (const { type, data } of source) {
    const isTest = data?.details?.type !== 'suite';
    if (type === 'test:stderr' || type === 'test:stdout')
      output.set(data.file, (output.get(data.file) ?? '') + data.message);
    if (type === 'test:pass' && isTest) {
      if (data.skip !== undefined) {
        counts.skipped++;
        yield `skipped: ${data.name}${typeof data.skip === 'string' ? `: ${data.skip}` : ''}\n`;
      } else counts.passed++;
    }
    if (type === 'test:fail') {
      const error = data.details.error?.cause ?? data.details.error;
      if (data.details.error?.failureType === 'subtestsFailed') continue;
      counts.failed++;
      yield `\nFAILED ${data.name}\n  ${data.file}:${data.line}\n${indent(error?.stack ?? String(error))}\n`;
      const said = output.get(data.file);
      if (said) yield `${indent(said.slice(-4000))}\n`;
    }
  }
  yield `\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`;
}

const indent = (text) => text.replaceAll(/^/gm, '  ');
