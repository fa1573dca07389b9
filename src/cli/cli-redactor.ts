// Called by the commands that save or print spans of others: a redactor with the names and patterns that this project hides.
import { readConfig } from '../config/read-config.ts';
import { readEnv } from '../config/read-env.ts';
import { type Redactor, createRedactor } from '../redaction/create-redactor.ts';
import { compileGivenRegex } from '../url-rules/linear-regex.ts';

/** As the agent makes it for a program in the working directory; the built-in policy where there is no configuration. */
export function createCliRedactor(): Redactor {
  const { config, urlHidden } = readConfig({ env: readEnv(), entry: undefined, cwd: process.cwd() });
  const plain = createRedactor({
    keys: config['url.redact.keys'],
    allow: config['url.redact.allow'],
    marker: config['url.redact.marker'],
    paths: config['url.redact.paths'],
    values: config['url.redact.values'].map((given) => compileGivenRegex(given)),
    query: config['url.query'],
  });
  return urlHidden ? plain.extend({ hideAll: true }) : plain;
}
