// Called by otlp-target.ts: the certificates and keys that a signal's options name, read and tried once.
import { readFileSync } from 'node:fs';
import { diag } from '@opentelemetry/api';
import type { TlsOptions } from '../exporters/otlp/connection.ts';
import { toErrorText } from '../log/log.ts';
import { process } from '../natives.ts';

/** An option and the path that it holds. */
export interface NamedFile {
  readonly option: string;
  readonly path: string | undefined;
}

/** Reads PEM files. One that cannot be read or used is said in one line and left out. */
export function readTlsFiles(files: Readonly<Record<keyof TlsOptions, NamedFile>>): TlsOptions {
  const ca = readPart('ca', files.ca);
  const key = readPart('key', files.key);
  const cert = readPart('cert', files.cert);
  const pair = { ...key, ...cert };
  const reason = findFault(pair);
  if (reason === undefined) return { ...ca, ...pair };
  diag.warn(`${files.cert.option} and ${files.key.option} do not belong together (${reason}); they are left out`);
  return { ...ca };
}

function readPart(part: keyof TlsOptions, { option, path }: NamedFile): TlsOptions | undefined {
  if (path === undefined) return undefined;
  try {
    const read = { [part]: readFileSync(path, 'utf8') };
    const reason = findFault(read);
    if (reason === undefined) return read;
    diag.warn(toLine('use', path, option, reason));
  } catch (error) {
    diag.warn(toLine('read', path, option, toErrorText(error)));
  }
  return undefined;
}

/** The path first: after the name of an option that ends with Key it would be taken for a key, and hidden. */
function toLine(verb: 'read' | 'use', path: string, option: string, reason: string): string {
  return `cannot ${verb} ${path} of ${option} (${reason}); it is left out`;
}

/** Why Node would refuse to connect with these. */
function findFault(tls: TlsOptions): string | undefined {
  if (Object.keys(tls).length === 0) return undefined;
  try {
    process.getBuiltinModule('node:tls').createSecureContext(tls);
    // An authority that is none is not refused there: nobody would be trusted, without a word why.
    const { X509Certificate } = process.getBuiltinModule('node:crypto');
    if (tls.ca !== undefined) void new X509Certificate(tls.ca);
    return undefined;
  } catch (error) {
    return toErrorText(error);
  }
}
