// Called by tracing.ts and by the commands, once: the redactors that the `url` section asks for.
import type { Config } from '../config/config.ts';
import { type Redactor, createRedactor } from '../redaction/create-redactor.ts';
import { compileGivenRegex } from './linear-regex.ts';

/**
 * Makes the redactor of everything that is recorded, and a `plain` one. While the url section is broken everything that may be secret is hidden,
 * but not in the lines that say which file to mend: those go through the plain one.
 */
export function createRedactors(
  config: Config,
  urlHidden: boolean,
): { readonly plain: Redactor; readonly redactor: Redactor } {
  const plain = createRedactor({
    keys: config['url.redact.keys'],
    allow: config['url.redact.allow'],
    marker: config['url.redact.marker'],
    paths: config['url.redact.paths'],
    values: config['url.redact.values'].map((given) => compileGivenRegex(given)),
    query: config['url.query'],
  });
  return { plain, redactor: urlHidden ? plain.extend({ hideAll: true }) : plain };
}
