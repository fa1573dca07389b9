// Made once per direction from `http.headers.*`: puts the headers that are asked for on a span.
import type { Attributes } from '@opentelemetry/api';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { compileText } from '../../url-rules/pattern.ts';

/** A header's name, and its values as they came. */
export type Header = readonly [name: string, value: string | readonly string[]];

/** `http.request.header.<name>` and its twin, each a list of values with the secrets hidden. */
export type HeaderCapture = (headers: Iterable<Header>, redactor: Redactor) => Attributes;

/** Compiles names and patterns (`x-*`, `*`, `/regex/`); in any case, as HTTP has it. */
export function createHeaderCapture(side: 'request' | 'response', patterns: readonly string[]): HeaderCapture {
  const wanted = patterns.map((pattern) => compileText(pattern.toLowerCase()));
  return (headers, redactor) => {
    const attributes: Record<string, string[]> = {};
    for (const [given, value] of headers) {
      const name = given.toLowerCase();
      if (!wanted.some((matches) => matches(name))) continue;
      const key = `http.${side}.header.${name}`;
      for (const one of [value].flat()) (attributes[key] ??= []).push(redactor.redactHeader(name, one));
    }
    return attributes;
  };
}
