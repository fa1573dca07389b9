// Called by load-declared.ts: the model of an OpenTelemetry configuration file as options, by their dotted names.
import { mergeHeadersConfig } from '@opentelemetry/configuration';
import type { OptionKey } from '../config.ts';
import { ModelNode } from './model.ts';

/** What a file says, and the paths of what it says in vain. */
export interface Declared {
  readonly values: ReadonlyMap<OptionKey, unknown>;
  readonly idle: readonly string[];
}

type Signal = 'traces' | 'metrics' | 'logs';
type Values = Map<OptionKey, unknown>;

/** Turns a model that was validated into options. What it does not say is left to others, but for what it sends and propagates. */
export function toOptions(model: unknown): Declared {
  const root = new ModelNode(model);
  const values: Values = new Map();
  set(values, 'enabled', root.at('disabled').take() === true ? false : undefined);
  set(values, 'log.level', toLogLevel(root.at('log_level').take()));
  readResource(root.at('resource'), values);
  readLimits(root.at('attribute_limits'), values);
  readLimits(root.at('tracer_provider').at('limits'), values);
  readTraces(root.at('tracer_provider'), values);
  readMetrics(root.at('meter_provider'), values);
  readLogs(root.at('logger_provider'), values);
  readPropagators(root.at('propagator'), values);
  readInstrumentation(root.at('instrumentation/development'), values);
  return { values, idle: root.idle() };
}

function set(values: Values, key: OptionKey, value: unknown): void {
  if (value !== undefined) values.set(key, value);
}

/** Severities have numbers behind them. */
function toLogLevel(severity: unknown): string | undefined {
  if (typeof severity !== 'string') return undefined;
  const name = severity.replace(/\d$/, '');
  return name === 'trace' ? 'verbose' : name === 'fatal' ? 'error' : name;
}

function readResource(resource: ModelNode, values: Values): void {
  const attributes = new Map<string, unknown>();
  for (const pair of toList(resource.at('attributes_list').take())) {
    const equals = pair.indexOf('=');
    if (equals > 0) attributes.set(decode(pair.slice(0, equals).trim()), decode(pair.slice(equals + 1).trim()));
  }
  for (const attribute of resource.at('attributes').list()) {
    const value = attribute.at('value');
    // Lists are no values of resource.attributes.
    if (value.list().length > 0) continue;
    attribute.at('type').take();
    attributes.set(String(attribute.at('name').take()), value.take());
  }
  const given = Object.fromEntries([...attributes].filter(([, value]) => value !== undefined));
  if (Object.keys(given).length > 0) values.set('resource.attributes', given);
  set(values, 'service.name', given['service.name']);
  set(values, 'service.version', given['service.version']);
  set(values, 'service.environment', given['deployment.environment.name']);
  const detectors = resource.at('detection/development').at('detectors').list();
  const names = takeNames(detectors, ['host', 'process']);
  if (detectors.length > 0) values.set('resource.detectors', names.length === 0 ? ['none'] : names);
}

const LIMITS = {
  attribute_count_limit: 'limits.attributeCount',
  attribute_value_length_limit: 'limits.attributeValueLength',
  event_count_limit: 'limits.eventCount',
  link_count_limit: 'limits.linkCount',
  event_attribute_count_limit: 'limits.attributePerEventCount',
  link_attribute_count_limit: 'limits.attributePerLinkCount',
} as const;

function readLimits(limits: ModelNode, values: Values): void {
  for (const [name, key] of Object.entries(LIMITS)) set(values, key, limits.at(name).take());
}

function readTraces(provider: ModelNode, values: Values): void {
  // What is not asked for in the file is not sent.
  values.set('export.otlp.enabled', false);
  values.set('export.console', 'off');
  for (const { processor, exporter } of exportersOf(provider.at('processors'))) {
    if (values.get('export.otlp.enabled') === false && readOtlp(exporter, 'traces', values)) {
      values.set('export.otlp.enabled', true);
      readBatch(processor, values, {
        schedule_delay: 'export.batch.delayMillis',
        export_timeout: 'export.batch.timeoutMillis',
        max_queue_size: 'export.batch.maxQueueSpans',
        max_export_batch_size: 'export.batch.maxSpans',
      });
    } else if (exporter.has('console')) {
      exporter.at('console').take();
      values.set('export.console', 'tree');
    } else if (exporter.has('otlp_file/development')) readFile(exporter.at('otlp_file/development'), values);
  }
  readSampler(provider.at('sampler'), values);
  // The only one that there is.
  provider.at('id_generator').at('random').take();
}

function readMetrics(provider: ModelNode, values: Values): void {
  values.set('metrics.enabled', false);
  for (const { processor, exporter } of exportersOf(provider.at('readers'))) {
    if (values.get('metrics.enabled') === true || !readOtlp(exporter, 'metrics', values)) continue;
    values.set('metrics.enabled', true);
    set(values, 'metrics.intervalMillis', processor.at('interval').take());
    set(values, 'metrics.timeoutMillis', noLimit(processor.at('timeout').take()));
    const [name = ''] = exporter.names();
    const temporality = exporter.at(name).at('temporality_preference').take();
    set(values, 'metrics.temporality', temporality === 'low_memory' ? 'lowmemory' : temporality);
  }
}

function readLogs(provider: ModelNode, values: Values): void {
  values.set('logs.enabled', false);
  for (const { processor, exporter } of exportersOf(provider.at('processors'))) {
    if (values.get('logs.enabled') === true || !readOtlp(exporter, 'logs', values)) continue;
    values.set('logs.enabled', true);
    readBatch(processor, values, {
      schedule_delay: 'logs.delayMillis',
      export_timeout: 'logs.timeoutMillis',
      max_queue_size: 'logs.maxQueueRecords',
      max_export_batch_size: 'logs.maxRecords',
    });
  }
}

/** Processors, or readers, that send to an exporter: `simple` ones too, in batches. */
function exportersOf(list: ModelNode): ReadonlyArray<{ readonly processor: ModelNode; readonly exporter: ModelNode }> {
  return list
    .list()
    .flatMap((entry) =>
      ['batch', 'simple', 'periodic']
        .filter((kind) => entry.has(kind))
        .map((kind) => ({ processor: entry.at(kind), exporter: entry.at(kind).at('exporter') })),
    );
}

function readBatch(batch: ModelNode, values: Values, keys: Readonly<Record<string, OptionKey>>): void {
  for (const [name, key] of Object.entries(keys)) {
    const value = batch.at(name).take();
    set(values, key, name === 'export_timeout' ? noLimit(value) : value);
  }
}

/** The exporter of a signal, if it is one by OTLP. */
function readOtlp(exporter: ModelNode, signal: Signal, values: Values): boolean {
  const kind = ['otlp_http', 'otlp_grpc'].find((name) => exporter.has(name));
  if (kind === undefined) return false;
  const otlp = exporter.at(kind);
  const isGrpc = kind === 'otlp_grpc';
  const usual = isGrpc ? 'http://localhost:4317' : `http://localhost:4318/v1/${signal}`;
  const encoding = isGrpc ? undefined : otlp.at('encoding').take();
  const tls = otlp.at('tls');
  values.set(`export.otlp.${signal}Endpoint`, otlp.at('endpoint').take() ?? usual);
  values.set(`export.otlp.${signal}Protocol`, isGrpc ? 'grpc' : encoding === 'json' ? 'http/json' : 'http/protobuf');
  set(values, `export.otlp.${signal}Insecure`, isGrpc ? tls.at('insecure').take() : undefined);
  set(values, `export.otlp.${signal}Headers`, readHeaders(otlp));
  set(values, `export.otlp.${signal}Compression`, otlp.at('compression').take());
  set(values, `export.otlp.${signal}TimeoutMillis`, noLimit(otlp.at('timeout').take()));
  set(values, `export.otlp.certificates.${signal}Ca`, tls.at('ca_file').take());
  set(values, `export.otlp.certificates.${signal}ClientKey`, tls.at('key_file').take());
  set(values, `export.otlp.certificates.${signal}ClientCertificate`, tls.at('cert_file').take());
  // The node itself may be null, which asks for an exporter with every default.
  if (otlp.names().length === 0) otlp.take();
  return true;
}

type HeaderPairs = Parameters<typeof mergeHeadersConfig>[0];

function readHeaders(otlp: ModelNode): unknown {
  // Right by the schema that the file was validated with.
  return mergeHeadersConfig(
    otlp.at('headers').take() as HeaderPairs,
    otlp.at('headers_list').take() as string | undefined,
  );
}

/** `file:///path`; stdout belongs to the application. */
function readFile(exporter: ModelNode, values: Values): void {
  const stream = exporter.at('output_stream');
  const [, path] = /^file:\/\/(\/.+)$/.exec(String(stream.peek())) ?? [];
  if (path === undefined) return;
  stream.take();
  values.set('export.file', decode(path));
}

/** Samplers that the agent has, bare or below parent_based. */
function readSampler(sampler: ModelNode, values: Values): void {
  const isParentBased = sampler.has('parent_based');
  const root = isParentBased ? sampler.at('parent_based').at('root') : sampler;
  const ratio = readRatio(root);
  if (ratio === undefined && !isParentBased) return;
  // Null asks for one with every default.
  if (isParentBased && sampler.at('parent_based').names().length === 0) sampler.at('parent_based').take();
  values.set('sampling.followParent', isParentBased);
  values.set('sampling.ratio', ratio ?? 1);
}

function readRatio(sampler: ModelNode): unknown {
  for (const [name, ratio] of [
    ['always_on', 1],
    ['always_off', 0],
  ] as const) {
    if (!sampler.has(name)) continue;
    sampler.at(name).take();
    return ratio;
  }
  const name = ['trace_id_ratio_based', 'probability/development'].find((name) => sampler.has(name));
  return name === undefined ? undefined : (sampler.at(name).at('ratio').take() ?? 1);
}

const PROPAGATORS = ['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger', 'xray'];

/** Without any, the specification says, nothing is propagated. */
function readPropagators(propagator: ModelNode, values: Values): void {
  const listed = takeNames(propagator.at('composite').list(), PROPAGATORS);
  const names = new Set([...listed, ...toList(propagator.at('composite_list').take())]);
  values.set('propagation.propagators', names.size === 0 ? ['none'] : [...names]);
}

function readInstrumentation(instrumentation: ModelNode, values: Values): void {
  const general = instrumentation.at('general');
  const methods = new Set<unknown>();
  for (const side of ['client', 'server'] as const) {
    const http = general.at('http').at(side);
    set(values, `http.headers.${side}.request`, http.at('request_captured_headers').take());
    set(values, `http.headers.${side}.response`, http.at('response_captured_headers').take());
    const known = http.at('known_methods').take();
    if (Array.isArray(known)) for (const method of known) methods.add(method);
  }
  if (methods.size > 0) values.set('http.knownMethods', [...methods]);
  const names = general.at('sanitization').at('url').at('sensitive_query_parameters').take();
  // They take the place of the names that are built in; what looks like a secret is hidden under any name.
  if (Array.isArray(names))
    values.set('url.redact.keys', names.length === 0 ? ['='] : [`=${names[0]}`, ...names.slice(1)]);
  // Of other languages' instrumentations nothing is expected here.
  for (const language of instrumentation.names()) {
    if (language !== 'general' && language !== 'js') instrumentation.at(language).take();
  }
}

/** The names in a list of objects with one name each, as far as they are known here. */
function takeNames(list: readonly ModelNode[], known: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const entry of list) {
    for (const name of entry.names().filter((name) => known.includes(name))) {
      entry.at(name).take();
      names.push(name);
    }
  }
  return names;
}

/** 0 stands for no limit. */
const noLimit = (millis: unknown): unknown => (millis === 0 ? 2 ** 31 - 1 : millis);

const toList = (text: unknown): string[] =>
  typeof text === 'string'
    ? text
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '')
    : [];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
