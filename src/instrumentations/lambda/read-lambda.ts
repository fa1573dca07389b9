// Called by agent.ts at the start: whether this process runs a function of AWS Lambda, and what its environment says of it.
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { Attributes } from '@opentelemetry/api';
import type { ExportedFunction } from '../../hooks/handler-file.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A function of AWS Lambda. */
export interface LambdaFunction {
  /** The file of the program, which the command line does not name. */
  readonly handler: ExportedFunction;
  readonly taskRoot: string;
  /** The requests by which the runtime gets events and gives back results are none of the program's. */
  readonly runtimeUrls: readonly string[];
  /** Of the resource. */
  readonly attributes: Attributes;
}

/** As the runtime looks for a file: with the name as it is, then with these. */
const EXTENSIONS = ['', '.js', '.mjs', '.cjs'];
const MEBIBYTE = 1024 * 1024;

/** Reads what the Lambda runtime sets; undefined outside of it, and where the handler's file cannot be found. */
export function readLambda(env: Env): LambdaFunction | undefined {
  const { AWS_LAMBDA_FUNCTION_NAME: name, _HANDLER: handler, LAMBDA_TASK_ROOT: taskRoot } = env;
  if (!name || !handler || !taskRoot) return undefined;
  const [module = '', first, ...inside] = basename(handler).split('.');
  const file = findFile(resolve(taskRoot, dirname(handler), module));
  if (file === undefined || first === undefined) return undefined;
  const { AWS_LAMBDA_RUNTIME_API: api } = env;
  return {
    handler: { file, path: [first, ...inside] },
    taskRoot,
    runtimeUrls: api === undefined ? [] : [`http://${api}/*`],
    attributes: toAttributes(name, env),
  };
}

function findFile(path: string): string | undefined {
  for (const extension of EXTENSIONS) {
    try {
      const file = realpathSync(path + extension);
      // A folder may have the name without the extension.
      if (statSync(file).isFile()) return file;
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Names of the conventions that are not stable yet, and so not among the package's constants. */
function toAttributes(name: string, env: Env): Attributes {
  const { AWS_REGION: region, AWS_LAMBDA_FUNCTION_VERSION: version, AWS_LAMBDA_LOG_STREAM_NAME: instance } = env;
  const megabytes = Number(env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']);
  return {
    'cloud.provider': 'aws',
    'cloud.platform': 'aws_lambda',
    'faas.name': name,
    ...(region && { 'cloud.region': region }),
    ...(version && { 'faas.version': version }),
    ...(instance && { 'faas.instance': instance }),
    ...(megabytes > 0 && { 'faas.max_memory': megabytes * MEBIBYTE }),
  };
}
