// Used by look.ts: sends a real span to every destination, through the code that sends all others, and notes what comes back.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { SpanKind } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { AlwaysOnSampler, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import packageJson from '../../../package.json' with { type: 'json' };
import { readEnv } from '../../config/read-env.ts';
import type { Destination, EncodedBatch } from '../../exporters/destination.ts';
import { toErrorText } from '../../log/log.ts';
import { createDestinations } from '../../pipeline/destinations.ts';
import { type LogfireProject, toLogfireTarget } from '../../pipeline/logfire.ts';
import { createResource } from '../../pipeline/resource.ts';
import type { Situation } from '../read-situation.ts';

/** A destination, and what became of a test span. */
export interface TriedDestination {
  readonly kind: 'otlp' | 'logfire' | 'file';
  /** Credentials hidden. */
  readonly address: string;
  readonly taken: boolean;
  readonly millis: number;
  /** Why not, in the words of Node or of the receiver. */
  readonly message: string | undefined;
  /** ECONNREFUSED and the like. */
  readonly code: string | undefined;
  readonly answer: AnswerFacts | undefined;
  /** Of a Logfire project: where its token belongs, and where it is sent. */
  readonly regions: { readonly token: string; readonly address: string } | undefined;
}

/** What a receiver said, beside what an exporter needs. */
interface AnswerFacts {
  readonly statusCode: number;
  readonly contentType: string | undefined;
  /** How far its clock is before ours; undefined where it does not tell. */
  readonly aheadMillis: number | undefined;
}

export interface TryInput extends Situation {
  readonly logfire: readonly LogfireProject[];
}

/** A person waits. */
const LIMIT_MILLIS = 5000;

/** One after another, so that an answer belongs to the one that was asked. */
export async function tryDestinations({
  config,
  cwd,
  redactor,
  logfire,
}: TryInput): Promise<readonly TriedDestination[]> {
  const redact = (text: string): string => redactor.redact(text, 'client');
  const { destinations } = createDestinations({ config, env: readEnv(), logfire, cwd, redact });
  if (destinations.length === 0) return [];
  const span = makeSpan({ config, redactor });
  const projects = new Map(logfire.map((project) => [redact(toLogfireTarget(project, config, 'traces').url), project]));
  const tried: TriedDestination[] = [];
  for (const destination of destinations) {
    const { address } = destination;
    const project = projects.get(address);
    const kind = project !== undefined ? 'logfire' : /^https?:/i.test(address) ? 'otlp' : 'file';
    const regions = project === undefined ? undefined : toRegions(project);
    tried.push({ kind, address, regions, ...(await tryOne(destination, span)) });
  }
  return tried;
}

async function tryOne(
  destination: Destination,
  span: ReadableSpan,
): Promise<Omit<TriedDestination, 'kind' | 'address' | 'regions'>> {
  const startedAt = performance.now();
  let answer: AnswerFacts | undefined;
  const note = (message: unknown): void => {
    // What Node documents of its channel.
    const { response } = message as { readonly request: ClientRequest; readonly response: IncomingMessage };
    answer = toAnswerFacts(response);
  };
  const abandoned = new AbortController();
  const timer = setTimeout(() => abandoned.abort(), LIMIT_MILLIS);
  subscribe('http.client.response.finish', note);
  let failure: unknown;
  try {
    const { outcome } = destination.send(toBatch(span, destination.encoding), abandoned.signal);
    const ended = await Promise.race([outcome, rejectOn(abandoned.signal)]);
    if (!ended.taken) failure = ended.reason;
  } catch (error) {
    failure = error ?? new Error('refused');
  } finally {
    clearTimeout(timer);
    unsubscribe('http.client.response.finish', note);
  }
  return {
    taken: failure === undefined,
    millis: Math.round(performance.now() - startedAt),
    message: failure === undefined ? undefined : toErrorText(failure),
    code: failure instanceof Error && 'code' in failure && typeof failure.code === 'string' ? failure.code : undefined,
    answer,
  };
}

function toBatch(span: ReadableSpan, encoding: Destination['encoding']): EncodedBatch {
  const serializer = encoding === 'json' ? JsonTraceSerializer : ProtobufTraceSerializer;
  const body = serializer.serializeRequest([span]);
  if (body === undefined) throw new Error('the span could not be encoded');
  return { items: 1, bytes: body.length, body };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () =>
      reject(Object.assign(new Error(`no answer within ${LIMIT_MILLIS} ms`), { code: 'ETIMEDOUT' })),
    );
  });
}

function toAnswerFacts({ statusCode = 0, headers }: IncomingMessage): AnswerFacts {
  const date = Date.parse(headers.date ?? '');
  return {
    statusCode,
    contentType: headers['content-type'],
    aheadMillis: Number.isNaN(date) ? undefined : date - Date.now(),
  };
}

function makeSpan({ config, redactor }: Pick<Situation, 'config' | 'redactor'>): ReadableSpan {
  const { name, version } = packageJson;
  const ended: ReadableSpan[] = [];
  const provider = new TracerProvider({
    resource: createResource({
      config,
      agentVersion: version,
      redactAttribute: (key, value) => redactor.redactAttribute(key, value),
    }),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => void ended.push(span),
        forceFlush: () => Promise.resolve(),
        shutdown: () => Promise.resolve(),
      },
    ],
  });
  provider.getTracer(name, version).startSpan('tracing doctor', { kind: SpanKind.INTERNAL }).end();
  const [span] = ended;
  if (span === undefined) throw new Error('the SDK made no span');
  return span;
}

/** The regions of a token and of an address, where both name one. */
function toRegions({ token, baseUrl }: LogfireProject): TriedDestination['regions'] {
  const [, ofToken] = /^pylf_v\d+_([a-z]+)_/.exec(token) ?? [];
  const [, ofAddress] = /\blogfire-([a-z]+)\./.exec(baseUrl) ?? [];
  return ofToken === undefined || ofAddress === undefined ? undefined : { token: ofToken, address: ofAddress };
}
