// Made once by tracing.ts from `http.headers`, `http.bodies` and `http.hooks`; asked by the HTTP instrumentations for every exchange.
import { type Attributes, diag } from '@opentelemetry/api';
import type { Config } from '../../config/config.ts';
import type { HookInfo, HookedSpan, HttpHooks } from '../../config/http-hooks.ts';
import { toErrorText } from '../../log/log.ts';
import type { Redactor } from '../../redaction/create-redactor.ts';
import { BodyRecorder } from './body-recorder.ts';
import { type Header, type HeaderCapture, createHeaderCapture } from './header-capture.ts';

type Direction = 'client' | 'server';
type Side = 'request' | 'response';

/** The options that capture follows. */
export type CaptureConfig = Pick<
  Config,
  | `http.headers.${Direction}.${Side}`
  | `http.bodies.${Direction}.${Side}`
  | 'http.bodies.maxBytes'
  | 'http.hooks'
  | 'url.rules'
>;

/** What to capture of one exchange. */
export interface Captured {
  /** Headers of either side as attributes. */
  headers(side: Side, headers: Iterable<Header>): Attributes;
  /** A recorder to feed with a body, where bodies of that side are wanted. */
  record(side: Side): BodyRecorder | undefined;
  /** The recorded bodies as attributes; `read` gives a header of the side that the body is of. */
  bodies(read: (side: Side, name: string) => string | undefined): Attributes;
  /** Runs the user's hook. */
  hook(side: Side, span: HookedSpan, info: HookInfo): void;
}

export interface Capture {
  /** False where no exchange of that direction can have a recorded body. */
  mayRecord(direction: Direction): boolean;
  /** Undefined where nothing is captured of an exchange, which is the default: then it costs nothing. */
  of(direction: Direction, override: boolean | undefined, redactor: Redactor): Captured | undefined;
}

const SIDES: readonly Side[] = ['request', 'response'];
const EVERYTHING: readonly string[] = ['*'];

/** Compiles what is to be captured. `capture: true` of a URL rule captures everything, `false` nothing. */
export function createCapture(config: CaptureConfig): Capture {
  const hooks = config['http.hooks'];
  const hasHooks = hooks.request !== undefined || hooks.response !== undefined;
  const run = { request: contain(hooks.request), response: contain(hooks.response) };
  const headersOf = (direction: Direction, side: Side): readonly string[] =>
    config[`http.headers.${direction}.${side}`];
  const wantsBody = (direction: Direction, side: Side): boolean => config[`http.bodies.${direction}.${side}`];
  const mayOverride = config['url.rules'].some(({ capture }) => capture === true);

  const all = createHeaderCaptures(() => EVERYTHING);
  const wanted = {
    client: createHeaderCaptures((side) => headersOf('client', side)),
    server: createHeaderCaptures((side) => headersOf('server', side)),
  };
  const isOn = (direction: Direction): boolean =>
    SIDES.some((side) => headersOf(direction, side).length > 0 || wantsBody(direction, side));
  const on = { client: isOn('client'), server: isOn('server') };

  function start(direction: Direction, override: boolean | undefined, redactor: Redactor): Captured {
    const captures = override === undefined ? wanted[direction] : override ? all : undefined;
    const records = (side: Side): boolean => override ?? wantsBody(direction, side);
    const recorders: Partial<Record<Side, BodyRecorder>> = {};
    return {
      headers: (side, given) => captures?.[side](given, redactor) ?? {},
      record: (side) =>
        records(side) ? (recorders[side] = new BodyRecorder(config['http.bodies.maxBytes'])) : undefined,
      bodies: (read) => toBodyAttributes(recorders, read, redactor),
      hook: (side, span, info) => run[side](span, info),
    };
  }

  return {
    mayRecord: (direction) => mayOverride || SIDES.some((side) => wantsBody(direction, side)),
    // Apart from `start`, whose functions need what it was called with kept: here nothing is made.
    of: (direction, override, redactor) =>
      (override ?? on[direction]) || hasHooks ? start(direction, override, redactor) : undefined,
  };
}

function createHeaderCaptures(patternsOf: (side: Side) => readonly string[]): Record<Side, HeaderCapture> {
  return {
    request: createHeaderCapture('request', patternsOf('request')),
    response: createHeaderCapture('response', patternsOf('response')),
  };
}

/** @note `http.request.body.size` is the conventions'; they have no name for the text, so it is the one that Logfire uses. */
function toBodyAttributes(
  recorders: Partial<Record<Side, BodyRecorder>>,
  read: (side: Side, name: string) => string | undefined,
  redactor: Redactor,
): Attributes {
  const attributes: Attributes = {};
  for (const side of SIDES) {
    const recorder = recorders[side];
    if (recorder === undefined) continue;
    const headers = { contentType: read(side, 'content-type'), contentEncoding: read(side, 'content-encoding') };
    const { size, text } = recorder.finish(headers, (body) => redactor.redact(body, 'string'));
    attributes[`http.${side}.body.size`] = size;
    if (text !== undefined) attributes[`http.${side}.body.text`] = text;
  }
  return attributes;
}

function contain(hook: HttpHooks[Side]): (span: HookedSpan, info: HookInfo) => void {
  if (hook === undefined) return () => {};
  const fail = (error: unknown): void => diag.warn(`http.hooks failed: ${toErrorText(error)}`);
  return (span, info) => {
    try {
      const result: unknown = hook(span, info);
      // An async hook: nobody waits for it, and its rejection must not end the program.
      if (result instanceof Promise) result.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}
