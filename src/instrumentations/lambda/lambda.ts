// Enabled by tracing.ts in AWS Lambda: a span for every invocation, and all that is recorded delivered before the result is given back, since
// Lambda freezes the process after it.
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { type AnyFunction, replaceExport } from '../../hooks/handler-file.ts';
import { reportInternalError } from '../../log/guard.ts';
import type { LibraryBundle, LibraryOptions } from '../libraries/library.ts';
import type { LambdaFunction } from './read-lambda.ts';

export interface LambdaOptions {
  readonly lambda: LambdaFunction;
  /** Of the instrumentation; undefined where it is off: then there is no span of the invocation, but what else ends is delivered all the same. */
  readonly options: LibraryOptions | undefined;
  /** Resolves when all that has ended is delivered, and after `limitMillis` at the latest. */
  readonly flush: (limitMillis: number) => Promise<void>;
}

/** An invocation waits this long at most for its spans to be delivered; what is not by then goes with the next. */
const FLUSH_LIMIT_MILLIS = 2000;
/** What is left of the function's own time limit after that. */
const RESERVE_MILLIS = 200;

const BUNDLE = './libraries/aws-lambda.cjs';

/** By this the runtime knows a handler that writes its response piece by piece. */
const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

/** Puts itself between the runtime and the function's handler. */
export function enableLambda({ lambda, options, flush }: LambdaOptions): Disposable {
  return replaceExport(lambda.handler, (original) => {
    const wrapped = wrapHandler(
      original,
      options === undefined ? undefined : (inner) => trace(inner, lambda, options),
      flush,
    );
    return dressAs(original, wrapped);
  });
}

/** What a handler is called on behind the library: the one call that it stands for. */
interface Call {
  run(...args: unknown[]): unknown;
}

/**
 * A handler may give back a promise, call a callback, or both may be missing. The library understands promises only, so it is given one; the
 * runtime gets its answer in the way in which the original gives it.
 */
function wrapHandler(
  original: AnyFunction,
  traceIt: ((inner: AnyFunction) => AnyFunction) | undefined,
  flush: LambdaOptions['flush'],
): AnyFunction {
  const isStreaming = Reflect.get(original, STREAMING) !== undefined;
  const inner = copySymbols(original, function (this: unknown, ...args: unknown[]): unknown {
    // Only called below.
    return (this as Call).run(...args);
  });
  const traced = traceIt?.(inner) ?? inner;

  return function (this: unknown, ...args: unknown[]): unknown {
    const given = isStreaming ? args : args.slice(0, 2);
    const callback = isStreaming ? undefined : args[2];
    const context = given.at(-1);
    const deliver = (): Promise<void> => flush(toLimitMillis(context));
    let answer: { readonly results: unknown[] } | undefined;
    let returned: unknown;
    let isPending = false;

    const run = (...passed: unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const settle = (...results: unknown[]): void => {
          answer ??= { results };
          if (results[0] === undefined || results[0] === null) resolve(results[1]);
          else reject(results[0]);
        };
        const more = typeof callback === 'function' ? [settle, ...args.slice(3)] : args.slice(given.length);
        returned = Reflect.apply(original, this, [...passed, ...more]);
        isPending = !isThenable(returned) && typeof callback === 'function';
        if (!isPending) resolve(returned);
      });
    // Of the library too only the promise comes back.
    const outcome = Promise.resolve(Reflect.apply(traced, { run } satisfies Call, given));
    const delivered = outcome.then(
      async (value) => {
        await deliver();
        return value;
      },
      async (error: unknown) => {
        await deliver();
        throw error;
      },
    );
    if (!isPending) return delivered;
    const callBack = (): void => void Reflect.apply(callback as AnyFunction, undefined, answer?.results ?? []);
    delivered.then(callBack, callBack);
    return returned;
  };
}

function trace(inner: AnyFunction, lambda: LambdaFunction, options: LibraryOptions): AnyFunction {
  try {
    const require = createRequire(import.meta.url);
    // The bundle's own exports, as every library's.
    const { start } = require(BUNDLE) as LibraryBundle;
    const { file } = lambda.handler;
    const name = basename(file).split('.')[0] ?? '';
    const lambdaHandler = join(relative(lambda.taskRoot, dirname(file)), `${name}.handler`);
    const holder = { handler: inner };
    // It looks for the version of the package that the file is in, and complains where a function has none: ours does as well.
    const anyPackage = dirname(require.resolve('../package.json'));
    const host = {
      onError: (error: unknown) => reportInternalError('the instrumentation of aws-lambda', error),
      // The handler is wrapped once, and stays so.
      onTurnOff: () => {},
    };
    for (const hook of start({ ...options, lambdaHandler }, host)) hook.patch(holder, name, anyPackage);
    return holder.handler;
  } catch (error) {
    reportInternalError('the instrumentation of aws-lambda', error);
    return inner;
  }
}

function toLimitMillis(context: unknown): number {
  if (typeof context !== 'object' || context === null) return FLUSH_LIMIT_MILLIS;
  const left: unknown = Reflect.get(context, 'getRemainingTimeInMillis');
  const leftMillis: unknown = typeof left === 'function' ? Reflect.apply(left, context, []) : undefined;
  return typeof leftMillis === 'number'
    ? Math.max(0, Math.min(FLUSH_LIMIT_MILLIS, leftMillis - RESERVE_MILLIS))
    : FLUSH_LIMIT_MILLIS;
}

/** The runtime looks at the number of parameters, and at symbols that `streamifyResponse` leaves. */
function dressAs(original: AnyFunction, wrapper: AnyFunction): AnyFunction {
  const own: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(original);
  // Of a classic function; it cannot be defined anew.
  delete own['prototype'];
  return Object.defineProperties(wrapper, own);
}

function copySymbols(original: AnyFunction, copy: AnyFunction): AnyFunction {
  for (const symbol of Object.getOwnPropertySymbols(original)) Reflect.set(copy, symbol, Reflect.get(original, symbol));
  return copy;
}

function isThenable(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'then' in value && typeof Reflect.get(value, 'then') === 'function'
  );
}
