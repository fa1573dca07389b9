// The option table. Types, validation, environment, JSON schema and reference page are all derived from its rows:
// to add an option, add a row (and take its name out of later.ts, if it is there).
import * as v from 'valibot';
import { KNOWN_METHODS } from '../http-semconv/method.ts';
import { isMarker } from '../redaction/redactor-options.ts';
import { instrumentationOptions } from './instrumentation-options.ts';
import { option } from './option.ts';
import { keepVariable, toKeep } from './keep-variable.ts';
import {
  consoleExporterVariable,
  followParentVariable,
  logsExporterVariable,
  metricsExporterVariable,
  otlpExporterVariable,
  samplerVariable,
} from './otel-variables.ts';
import * as schema from './schemas.ts';
import * as variable from './variables.ts';

const MARKER = 'one to 64 letters, digits or any of _ - . * [ ] < >';
const PROPAGATORS = ['tracecontext', 'baggage'] as const;
const OTHER_PROPAGATORS = ['b3', 'b3multi', 'jaeger', 'xray'] as const;
const DETECTORS = ['host', 'os', 'process'] as const;
const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
const COMPRESSIONS = ['none', 'gzip'] as const;

/** Every option by its dotted name. */
export const options = {
  enabled: option({
    schema: schema.flag,
    default: true,
    env: [variable.inverse('OTEL_SDK_DISABLED')],
    doc: 'Whether anything is traced. Off, the preload loads nothing more and costs nothing.',
  }),

  'service.name': option({
    schema: () => schema.text(),
    default: 'unknown_service:node',
    env: [
      variable.text('OTEL_SERVICE_NAME'),
      variable.text('LOGFIRE_SERVICE_NAME'),
      variable.pairOf('OTEL_RESOURCE_ATTRIBUTES', 'service.name'),
    ],
    doc: "The name of the service. Without one: the name in the project's package.json.",
  }),
  'service.version': option({
    schema: () => schema.text(),
    default: undefined,
    env: [
      variable.text('OTEL_SERVICE_VERSION'),
      variable.text('LOGFIRE_SERVICE_VERSION'),
      variable.pairOf('OTEL_RESOURCE_ATTRIBUTES', 'service.version'),
    ],
    doc: "The version of the service. Without one: the version in the project's package.json.",
  }),
  'service.environment': option({
    schema: () => schema.text(),
    default: undefined,
    env: [
      variable.text('LOGFIRE_ENVIRONMENT'),
      variable.pairOf('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment.name'),
    ],
    doc: 'Where the service runs, such as production or staging (deployment.environment.name).',
  }),

  'resource.attributes': option({
    schema: schema.attributes,
    default: {},
    env: [variable.pairs('OTEL_RESOURCE_ATTRIBUTES'), variable.pairs('LOGFIRE_RESOURCE_ATTRIBUTES')],
    doc: 'Attributes of everything this process sends. Redacted like everything else.',
    secret: true,
  }),
  'resource.detectors': option({
    schema: () =>
      v.pipe(
        v.array(schema.oneOf([...DETECTORS, 'none']), 'a list'),
        v.transform((names) => names.filter((name) => name !== 'none')),
      ),
    default: DETECTORS,
    env: [variable.words('OTEL_NODE_RESOURCE_DETECTORS')],
    doc: 'What is found out about the machine and the process: host, os, process, or none.',
    later: ['aws', 'gcp', 'azure', 'alibaba', 'container', 'env', 'service', 'serviceinstance', 'all'],
  }),

  'url.redact.keys': option({
    schema: () => schema.texts('a name'),
    default: [],
    env: [variable.list('LOGFIRE_URL_REDACT_KEYS')],
    text: variable.toList,
    doc: 'Names of query parameters (and the like) whose values are hidden, beside the built-in names and matched the same way. A list that starts with = (such as =token,key) replaces the built-in names; -name allows one.',
  }),
  'url.redact.allow': option({
    schema: () => schema.texts('a name'),
    default: [],
    text: variable.toList,
    doc: 'Names that are never hidden because of the name. Values that look like a secret still are.',
  }),
  'url.redact.marker': option({
    schema: () => v.pipe(v.string(MARKER), v.check(isMarker, MARKER)),
    default: 'REDACTED',
    env: [variable.text('TRACING_REDACT_MARKER')],
    doc: 'The text that stands where a secret was. It is the same for every secret.',
  }),
  'url.redact.paths': option({
    schema: () => schema.texts('a pattern'),
    default: [],
    text: variable.toList,
    doc: 'URL patterns whose named groups are hidden: /invite/:code, https://*.example.com/u/:id/k/*.',
  }),
  'url.redact.values': option({
    schema: () => v.array(schema.linearRegex(), 'a list'),
    default: [],
    doc: 'Regular expressions whose matches are hidden wherever they stand. They run in linear time; one that cannot is refused.',
  }),
  'url.query': option({
    schema: () => schema.oneOf(['redact', 'drop', 'names']),
    default: 'redact',
    env: [variable.word('TRACING_URL_QUERY')],
    doc: 'What is kept of a query: redact hides sensitive values, names hides every value, drop removes the query.',
  }),
  'url.filter': option({
    schema: schema.urlFilter,
    default: undefined,
    doc: 'A function (url: URL, request) => URL | string, or the path of a module that exports one. It gets the real URL; the built-in redaction runs on its result. If it throws, or gives back anything else, the URL becomes scheme://host/REDACTED.',
  }),
  'url.ignore': option({
    schema: () => v.array(schema.ignored(), 'a list'),
    default: [],
    env: [variable.list('TRACING_IGNORE_URLS'), variable.list('OTEL_NODE_EXCLUDED_URLS')],
    text: variable.toList,
    doc: 'Requests that make no span, and nothing below them does: patterns of a path or URL, "METHOD pattern", /regex/, or objects as in the match of url.rules.',
  }),
  'url.rules': option({
    schema: () => v.array(schema.urlRule(), 'a list'),
    default: [],
    doc: 'Rules for requests that match (direction, method, host, path, query, header): ignore, redact (names or all), keep (names), name (a template for the route), sample (0 to 1), capture. The first match of each kind of action wins.',
  }),

  'http.trustForwarded': option({
    schema: schema.flag,
    default: true,
    env: [variable.flag('TRACING_TRUST_FORWARDED')],
    doc: 'Whether server spans believe Forwarded and X-Forwarded-* for url.scheme, server.address and client.address. Off: only the connection and Host.',
  }),

  'http.headers.client.request': option({
    schema: () => schema.texts('a header name or pattern'),
    default: [],
    env: [
      variable.list('OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST'),
      variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', ['*']),
    ],
    text: variable.toList,
    doc: 'Headers of the request to record on client spans: names, patterns such as x-*, or *. Secrets in them are hidden; authorization, cookie and their kin always.',
  }),
  'http.headers.client.response': option({
    schema: () => schema.texts('a header name or pattern'),
    default: [],
    env: [
      variable.list('OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_RESPONSE'),
      variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', ['*']),
    ],
    text: variable.toList,
    doc: 'Headers of the response to record on client spans: names, patterns such as x-*, or *. Secrets in them are hidden; authorization, cookie and their kin always.',
  }),
  'http.headers.server.request': option({
    schema: () => schema.texts('a header name or pattern'),
    default: [],
    env: [
      variable.list('OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST'),
      variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', ['*']),
    ],
    text: variable.toList,
    doc: 'Headers of the request to record on server spans: names, patterns such as x-*, or *. Secrets in them are hidden; authorization, cookie and their kin always.',
  }),
  'http.headers.server.response': option({
    schema: () => schema.texts('a header name or pattern'),
    default: [],
    env: [
      variable.list('OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE'),
      variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', ['*']),
    ],
    text: variable.toList,
    doc: 'Headers of the response to record on server spans: names, patterns such as x-*, or *. Secrets in them are hidden; authorization, cookie and their kin always.',
  }),
  'http.bodies.client.request': option({
    schema: schema.flag,
    default: false,
    env: [variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', true)],
    doc: 'Whether the body of the request is recorded on client spans: text, JSON and forms, redacted; of others the size.',
  }),
  'http.bodies.client.response': option({
    schema: schema.flag,
    default: false,
    env: [variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', true)],
    doc: 'Whether the body of the response is recorded on client spans: text, JSON and forms, redacted; of others the size.',
  }),
  'http.bodies.server.request': option({
    schema: schema.flag,
    default: false,
    env: [variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', true)],
    doc: 'Whether the body of the request is recorded on server spans: text, JSON and forms, redacted; of others the size.',
  }),
  'http.bodies.server.response': option({
    schema: schema.flag,
    default: false,
    env: [variable.whenOn('LOGFIRE_HTTP_CAPTURE_ALL', true)],
    doc: 'Whether the body of the response is recorded on server spans: text, JSON and forms, redacted; of others the size.',
  }),
  'http.bodies.maxBytes': option({
    schema: () => schema.countFrom(1, 16_384),
    default: 16_384,
    doc: 'How much of a body is recorded, at most 16384 bytes; the rest passes and is counted.',
  }),
  'http.knownMethods': option({
    schema: () => schema.texts('a method'),
    default: KNOWN_METHODS,
    env: [variable.list('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS')],
    text: variable.toList,
    doc: 'The methods that spans are named after, case-sensitive; the list replaces the default. Others are recorded as _OTHER, beside the original.',
  }),
  'http.requireParent': option({
    schema: schema.flag,
    default: false,
    doc: 'Whether a request that the program makes is a span only inside a trace. Outside of one it makes no span and carries no trace headers.',
  }),
  'http.hooks': option({
    schema: schema.httpHooks,
    default: {},
    doc: 'Functions request(span, info) and response(span, info) of a JS or TS config, called for every HTTP span. A throw is contained, and what they set is redacted.',
  }),

  ...instrumentationOptions,

  'propagation.propagators': option({
    schema: () =>
      v.pipe(
        v.array(schema.oneOf([...PROPAGATORS, ...OTHER_PROPAGATORS, 'none']), 'a list'),
        v.transform((names) => names.filter((name) => name !== 'none')),
      ),
    default: PROPAGATORS,
    env: [variable.words('OTEL_PROPAGATORS')],
    doc: 'The headers that carry a trace from service to service: tracecontext, baggage, b3, b3multi, jaeger, xray, or none.',
  }),
  'propagation.accept': option({
    schema: schema.flag,
    default: true,
    env: [variable.flag('LOGFIRE_DISTRIBUTED_TRACING')],
    doc: 'Whether a request may join the trace that its headers name. false: trace headers that come in are ignored, those that go out are still sent.',
  }),
  'propagation.to': option({
    schema: () => v.array(schema.pattern(), 'a list'),
    default: undefined,
    text: variable.toList,
    doc: 'Where trace headers are sent to: URL patterns as in url.ignore. An empty list: nowhere. Without it: everywhere.',
  }),
  'propagation.workers': option({
    schema: schema.flag,
    default: false,
    env: [variable.flag('TRACING_PROPAGATE_WORKERS')],
    doc: 'Whether messages between a worker thread and the thread that made it (postMessage) are handled in the trace in which they were posted.',
  }),

  'sampling.ratio': option({
    schema: () => schema.numberFrom(0, 1),
    default: 1,
    env: [variable.number('LOGFIRE_TRACE_SAMPLE_RATE'), samplerVariable],
    doc: 'The share of new traces that is kept, from 0 to 1.',
  }),
  'sampling.followParent': option({
    schema: schema.flag,
    default: true,
    env: [followParentVariable],
    doc: 'Whether a request that belongs to a trace of another service is kept when that service says so. false: it is decided on as if it began here.',
  }),
  'sampling.perSecond': option({
    schema: () => schema.numberFrom(0, 1_000_000),
    default: undefined,
    env: [variable.number('TRACING_SAMPLE_PER_SECOND')],
    doc: 'The most new traces kept a second, after the ratio; less than 1 is one in so many seconds. Without it: no limit.',
  }),
  'sampling.keep': option({
    schema: schema.keep,
    default: undefined,
    env: [keepVariable],
    text: toKeep,
    doc: 'Traces that are kept though the ratio, the limit or a rule would drop them: errors, and what is slower than slowerThanMillis. In a variable: errors,slow:2s. Decided when the request that began the trace in this process ends.',
  }),

  'export.otlp.enabled': option({
    schema: () => v.union([v.boolean(), v.literal('auto')], 'true, false or auto'),
    default: 'auto',
    env: [otlpExporterVariable],
    doc: 'Whether traces are sent by OTLP. auto: when an endpoint is given.',
  }),
  'export.otlp.endpoint': option({
    schema: schema.otlpAddress,
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_ENDPOINT')],
    doc: 'Address of an OTLP receiver. Over HTTP such as http://localhost:4318; /v1/traces is added to its path. With grpc such as http://localhost:4317 or collector:4317, without a path.',
    secret: true,
  }),
  'export.otlp.tracesEndpoint': option({
    schema: schema.otlpAddress,
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')],
    doc: 'Address for traces, used as it stands in place of export.otlp.endpoint.',
    secret: true,
  }),
  'export.otlp.metricsEndpoint': option({
    schema: schema.otlpAddress,
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_METRICS_ENDPOINT')],
    doc: 'Address for metrics, used as it stands in place of export.otlp.endpoint. Giving it turns metrics on.',
    secret: true,
  }),
  'export.otlp.logsEndpoint': option({
    schema: schema.otlpAddress,
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_LOGS_ENDPOINT')],
    doc: 'Address for logs, used as it stands in place of export.otlp.endpoint. Giving it turns logs on.',
    secret: true,
  }),
  'export.otlp.protocol': option({
    schema: () => schema.oneOf(PROTOCOLS),
    default: 'http/protobuf',
    env: [variable.word('OTEL_EXPORTER_OTLP_PROTOCOL')],
    doc: 'How OTLP is sent: http/protobuf, http/json or grpc.',
  }),
  'export.otlp.tracesProtocol': option({
    schema: () => schema.oneOf(PROTOCOLS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL')],
    doc: 'How traces are sent, in place of export.otlp.protocol.',
  }),
  'export.otlp.metricsProtocol': option({
    schema: () => schema.oneOf(PROTOCOLS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_METRICS_PROTOCOL')],
    doc: 'How metrics are sent, in place of export.otlp.protocol.',
  }),
  'export.otlp.logsProtocol': option({
    schema: () => schema.oneOf(PROTOCOLS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_LOGS_PROTOCOL')],
    doc: 'How logs are sent, in place of export.otlp.protocol.',
  }),
  'export.otlp.insecure': option({
    schema: schema.flag,
    default: false,
    env: [variable.flag('OTEL_EXPORTER_OTLP_INSECURE')],
    doc: 'Whether an endpoint without http:// or https://, which only grpc takes, is spoken to without TLS.',
  }),
  'export.otlp.tracesInsecure': option({
    schema: schema.flag,
    default: undefined,
    env: [variable.flag('OTEL_EXPORTER_OTLP_TRACES_INSECURE')],
    doc: 'The same for traces only, in place of export.otlp.insecure.',
  }),
  'export.otlp.metricsInsecure': option({
    schema: schema.flag,
    default: undefined,
    env: [variable.flag('OTEL_EXPORTER_OTLP_METRICS_INSECURE')],
    doc: 'The same for metrics only, in place of export.otlp.insecure.',
  }),
  'export.otlp.logsInsecure': option({
    schema: schema.flag,
    default: undefined,
    env: [variable.flag('OTEL_EXPORTER_OTLP_LOGS_INSECURE')],
    doc: 'The same for logs only, in place of export.otlp.insecure.',
  }),
  'export.otlp.headers': option({
    schema: schema.headers,
    default: {},
    env: [variable.pairs('OTEL_EXPORTER_OTLP_HEADERS')],
    doc: 'Headers sent with every OTLP request, usually the key of the receiver. In a variable: k=v,k2=v2 with percent-encoded values.',
    secret: true,
  }),
  'export.otlp.tracesHeaders': option({
    schema: schema.headers,
    default: {},
    env: [variable.pairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS')],
    doc: 'Headers sent with traces only, beside export.otlp.headers and before them where a name is in both.',
    secret: true,
  }),
  'export.otlp.metricsHeaders': option({
    schema: schema.headers,
    default: {},
    env: [variable.pairs('OTEL_EXPORTER_OTLP_METRICS_HEADERS')],
    doc: 'Headers sent with metrics only, beside export.otlp.headers and before them where a name is in both.',
    secret: true,
  }),
  'export.otlp.logsHeaders': option({
    schema: schema.headers,
    default: {},
    env: [variable.pairs('OTEL_EXPORTER_OTLP_LOGS_HEADERS')],
    doc: 'Headers sent with logs only, beside export.otlp.headers and before them where a name is in both.',
    secret: true,
  }),
  'export.otlp.compression': option({
    schema: () => schema.oneOf(COMPRESSIONS),
    default: 'none',
    env: [variable.word('OTEL_EXPORTER_OTLP_COMPRESSION')],
    doc: 'Whether OTLP requests are compressed: none or gzip.',
  }),
  'export.otlp.tracesCompression': option({
    schema: () => schema.oneOf(COMPRESSIONS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_TRACES_COMPRESSION')],
    doc: 'Whether traces are compressed, in place of export.otlp.compression.',
  }),
  'export.otlp.metricsCompression': option({
    schema: () => schema.oneOf(COMPRESSIONS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_METRICS_COMPRESSION')],
    doc: 'Whether metrics are compressed, in place of export.otlp.compression.',
  }),
  'export.otlp.logsCompression': option({
    schema: () => schema.oneOf(COMPRESSIONS),
    default: undefined,
    env: [variable.word('OTEL_EXPORTER_OTLP_LOGS_COMPRESSION')],
    doc: 'Whether logs are compressed, in place of export.otlp.compression.',
  }),
  'export.otlp.certificates.ca': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_CERTIFICATE')],
    doc: 'The authorities (PEM file) that an https receiver is trusted by, in place of those that Node trusts.',
  }),
  'export.otlp.certificates.tracesCa': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE')],
    doc: 'The same for traces only, in place of export.otlp.certificates.ca.',
  }),
  'export.otlp.certificates.metricsCa': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE')],
    doc: 'The same for metrics only, in place of export.otlp.certificates.ca.',
  }),
  'export.otlp.certificates.logsCa': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE')],
    doc: 'The same for logs only, in place of export.otlp.certificates.ca.',
  }),
  'export.otlp.certificates.clientKey': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_CLIENT_KEY')],
    doc: 'The key (PEM file) of the client certificate.',
  }),
  'export.otlp.certificates.tracesClientKey': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY')],
    doc: 'The same for traces only, in place of export.otlp.certificates.clientKey.',
  }),
  'export.otlp.certificates.metricsClientKey': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY')],
    doc: 'The same for metrics only, in place of export.otlp.certificates.clientKey.',
  }),
  'export.otlp.certificates.logsClientKey': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY')],
    doc: 'The same for logs only, in place of export.otlp.certificates.clientKey.',
  }),
  'export.otlp.certificates.clientCertificate': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE')],
    doc: 'The certificate (PEM file) that is shown to a receiver which asks for one.',
  }),
  'export.otlp.certificates.tracesClientCertificate': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE')],
    doc: 'The same for traces only, in place of export.otlp.certificates.clientCertificate.',
  }),
  'export.otlp.certificates.metricsClientCertificate': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE')],
    doc: 'The same for metrics only, in place of export.otlp.certificates.clientCertificate.',
  }),
  'export.otlp.certificates.logsClientCertificate': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('OTEL_EXPORTER_OTLP_LOGS_CLIENT_CERTIFICATE')],
    doc: 'The same for logs only, in place of export.otlp.certificates.clientCertificate.',
  }),
  'export.otlp.timeoutMillis': option({
    schema: () => schema.millis(1),
    default: 10_000,
    env: [variable.number('OTEL_EXPORTER_OTLP_TIMEOUT')],
    doc: 'How long the receiver may take to answer one OTLP request; metrics.timeoutMillis bounds a delivery of metrics with its retries.',
  }),
  'export.otlp.tracesTimeoutMillis': option({
    schema: () => schema.millis(1),
    default: undefined,
    env: [variable.number('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT')],
    doc: 'How long the receiver may take to answer a request with traces, in place of export.otlp.timeoutMillis.',
  }),
  'export.otlp.metricsTimeoutMillis': option({
    schema: () => schema.millis(1),
    default: undefined,
    env: [variable.number('OTEL_EXPORTER_OTLP_METRICS_TIMEOUT')],
    doc: 'How long the receiver may take to answer a request with metrics, in place of export.otlp.timeoutMillis.',
  }),
  'export.otlp.logsTimeoutMillis': option({
    schema: () => schema.millis(1),
    default: undefined,
    env: [variable.number('OTEL_EXPORTER_OTLP_LOGS_TIMEOUT')],
    doc: 'How long the receiver may take to answer a request with logs, in place of export.otlp.timeoutMillis.',
  }),

  'metrics.enabled': option({
    schema: () => v.union([v.boolean(), v.literal('auto')], 'true, false or auto'),
    default: 'auto',
    env: [metricsExporterVariable],
    doc: 'Whether metrics are made and sent by OTLP. auto: when export.otlp.metricsEndpoint is given; export.otlp.endpoint alone is not enough, since many receivers of traces refuse metrics.',
  }),
  'metrics.runtime': option({
    schema: schema.flag,
    default: false,
    env: [variable.flag('TRACING_RUNTIME_METRICS')],
    doc: 'Whether metrics of Node and V8 (event loop, garbage collection, heap) are sent as well. Only where metrics are on.',
  }),
  'metrics.intervalMillis': option({
    schema: () => schema.millis(1),
    default: 60_000,
    env: [variable.number('OTEL_METRIC_EXPORT_INTERVAL')],
    doc: 'How often metrics are collected and sent.',
  }),
  'metrics.timeoutMillis': option({
    schema: () => schema.millis(1),
    default: 30_000,
    env: [variable.number('OTEL_METRIC_EXPORT_TIMEOUT')],
    doc: 'How long one collection of metrics may take to be delivered, with its retries, before it counts as lost.',
  }),
  'metrics.temporality': option({
    schema: () => schema.oneOf(['cumulative', 'delta', 'lowmemory']),
    default: 'cumulative',
    env: [variable.word('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE')],
    doc: 'Whether counters and histograms count from the start (cumulative) or since they were last sent (delta); lowmemory: delta but for observable counters.',
  }),

  'export.logfire.enabled': option({
    schema: () => v.union([v.boolean(), v.literal('if-token-present')], 'true, false or if-token-present'),
    default: 'if-token-present',
    env: [variable.flag('LOGFIRE_SEND_TO_LOGFIRE')],
    doc: 'Whether traces are sent to Logfire. true: say so when there is no token.',
  }),
  'export.logfire.token': option({
    schema: () => v.array(v.pipe(v.string('a token'), v.regex(/^[\x21-\x7e]+$/u, 'a token')), 'a list'),
    default: [],
    env: [variable.list('LOGFIRE_TOKEN')],
    text: variable.toList,
    doc: 'Write token of a Logfire project, or several; traces are sent to each. Without it: the token of the credentials file.',
    secret: true,
  }),
  'export.logfire.baseUrl': option({
    schema: schema.httpAddress,
    default: undefined,
    env: [variable.text('LOGFIRE_BASE_URL')],
    doc: 'Address of Logfire, for one that you run yourself. Without it: that of the region in the token.',
    secret: true,
  }),
  'export.logfire.credentialsDir': option({
    schema: () => schema.text('a path'),
    default: '.logfire',
    env: [variable.text('LOGFIRE_CREDENTIALS_DIR')],
    doc: 'The folder of logfire_credentials.json. Relative to the working directory.',
  }),
  'export.file': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('TRACING_FILE')],
    doc: 'A file that traces are appended to, as lines of OTLP JSON. Made for its owner only (0600); its folder must exist. Relative to the working directory.',
  }),

  'export.viewer': option({
    schema: schema.flag,
    default: true,
    env: [variable.flag('TRACING_VIEWER')],
    doc: 'Whether traces, and log records, go to a viewer (tracing view) that the same user runs on this machine; only where no other destination is configured.',
  }),

  'logs.enabled': option({
    schema: () => v.union([v.boolean(), v.literal('auto')], 'true, false or auto'),
    default: 'auto',
    env: [logsExporterVariable],
    doc: 'Whether log records are sent by OTLP. auto: when export.otlp.logsEndpoint is given; export.otlp.endpoint alone is not enough, since many receivers of traces refuse logs.',
  }),
  'logs.console': option({
    schema: schema.flag,
    default: false,
    env: [variable.flag('TRACING_LOGS_CONSOLE')],
    doc: 'Whether calls of console.log, info, warn, error and debug are log records as well. Only where logs are on; what is printed stays as it is.',
  }),
  'logs.delayMillis': option({
    schema: () => schema.millis(),
    default: undefined,
    env: [variable.number('OTEL_BLRP_SCHEDULE_DELAY')],
    doc: 'How long log records wait for others before they are sent, in place of export.batch.delayMillis.',
  }),
  'logs.maxRecords': option({
    schema: () => schema.count(1),
    default: undefined,
    env: [variable.number('OTEL_BLRP_MAX_EXPORT_BATCH_SIZE')],
    doc: 'The most log records in one delivery, in place of export.batch.maxSpans.',
  }),
  'logs.maxQueueRecords': option({
    schema: () => schema.count(1),
    default: undefined,
    env: [variable.number('OTEL_BLRP_MAX_QUEUE_SIZE')],
    doc: 'The most log records that wait, in place of export.batch.maxQueueSpans. They take export.batch.maxBytes of memory at most, beside that of spans.',
  }),
  'logs.timeoutMillis': option({
    schema: () => schema.millis(1),
    default: undefined,
    env: [variable.number('OTEL_BLRP_EXPORT_TIMEOUT')],
    doc: 'How long one batch of log records may fail while others are taken before it counts as lost, in place of export.batch.timeoutMillis.',
  }),

  'export.console': option({
    schema: () => schema.oneOf(['auto', 'off', 'tree', 'line', 'json']),
    default: 'auto',
    env: [
      variable.flagOrWord('LOGFIRE_CONSOLE', 'tree', 'off'),
      variable.flagOrWord('TRACING_CONSOLE', 'tree', 'off'),
      consoleExporterVariable,
    ],
    doc: 'Traces on stderr: a tree for each request, a line or a JSON object for each span, or off. auto: a tree when nothing else was asked for, and in NODE_ENV=production only on a terminal.',
  }),
  'console.colors': option({
    schema: () => schema.oneOf(['auto', 'always', 'never']),
    default: 'auto',
    env: [variable.flagOrWord('LOGFIRE_CONSOLE_COLORS', 'always', 'never')],
    doc: 'Colors on the console. auto: on a terminal, as NO_COLOR and FORCE_COLOR say.',
  }),
  'console.verbose': option({
    schema: schema.flag,
    default: false,
    env: [variable.flag('LOGFIRE_CONSOLE_VERBOSE')],
    doc: 'Whether the console shows the attributes of every span.',
  }),
  'console.timestamps': option({
    schema: schema.flag,
    default: true,
    env: [variable.flag('LOGFIRE_CONSOLE_INCLUDE_TIMESTAMP')],
    doc: 'Whether the console shows the time at which a request began.',
  }),

  'export.batch.delayMillis': option({
    schema: () => schema.millis(),
    default: 1000,
    env: [variable.number('OTEL_BSP_SCHEDULE_DELAY')],
    doc: 'How long finished spans wait for others before they are sent.',
  }),
  'export.batch.maxSpans': option({
    schema: () => schema.count(1),
    default: 512,
    env: [variable.number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE')],
    doc: 'The most spans in one delivery.',
  }),
  'export.batch.maxQueueSpans': option({
    schema: () => schema.count(1),
    default: 65_536,
    env: [variable.number('OTEL_BSP_MAX_QUEUE_SIZE')],
    doc: "The most finished spans that wait or are on their way. More than OpenTelemetry's 2048, because maxBytes bounds the memory. What does not fit is dropped, counted and reported.",
  }),
  'export.batch.maxBytes': option({
    schema: () => schema.count(1024),
    default: 32 * 1024 * 1024,
    doc: 'The most memory that finished spans may take until a destination has them, encoded, in bytes. What does not fit is dropped, counted and reported.',
  }),
  'export.batch.timeoutMillis': option({
    schema: () => schema.millis(1),
    default: 30_000,
    env: [variable.number('OTEL_BSP_EXPORT_TIMEOUT')],
    doc: 'How long one batch may fail while the receiver takes others before it counts as lost. While the receiver takes none, nothing is given up.',
  }),

  'export.exitMillis': option({
    schema: () => schema.millis(),
    default: 1000,
    env: [variable.number('TRACING_EXIT_MILLIS')],
    doc: 'How long a process that exits is held at most until its last spans are delivered; twice as long after SIGTERM, SIGINT or at a natural end. 0: not at all. Nothing to send: not held.',
  }),

  'export.spool.dir': option({
    schema: () => schema.text('a path'),
    default: undefined,
    env: [variable.text('TRACING_SPOOL_DIR')],
    doc: 'A folder in which batches that could not be delivered wait for this process or the next. Made where it is missing; nobody else may be able to write to it. Relative to the working directory.',
  }),
  'export.spool.maxBytes': option({
    schema: () => schema.count(1024 * 1024),
    default: 512 * 1024 * 1024,
    doc: 'The most that all files of the spool may take, in bytes, whatever process wrote them; one counts as 16 KiB at least. When there is no more room the oldest are deleted.',
  }),
  'export.spool.maxAgeMillis': option({
    schema: () => schema.count(1000),
    default: 3 * 24 * 60 * 60 * 1000,
    doc: 'How long a batch may wait in the spool before it is deleted.',
  }),

  'limits.attributeCount': option({
    schema: () => schema.count(0),
    default: 128,
    env: [variable.number('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT'), variable.number('OTEL_ATTRIBUTE_COUNT_LIMIT')],
    doc: 'The most attributes of a span.',
  }),
  'limits.attributeValueLength': option({
    schema: () => schema.count(0),
    default: undefined,
    env: [
      variable.number('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
      variable.number('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'),
    ],
    doc: 'The most characters of an attribute value. Without it: no limit.',
  }),
  'limits.eventCount': option({
    schema: () => schema.count(0),
    default: 128,
    env: [variable.number('OTEL_SPAN_EVENT_COUNT_LIMIT')],
    doc: 'The most events of a span.',
  }),
  'limits.linkCount': option({
    schema: () => schema.count(0),
    default: 128,
    env: [variable.number('OTEL_SPAN_LINK_COUNT_LIMIT')],
    doc: 'The most links of a span.',
  }),
  'limits.attributePerEventCount': option({
    schema: () => schema.count(0),
    default: 128,
    env: [variable.number('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT')],
    doc: 'The most attributes of an event.',
  }),
  'limits.attributePerLinkCount': option({
    schema: () => schema.count(0),
    default: 128,
    env: [variable.number('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT')],
    doc: 'The most attributes of a link.',
  }),

  'log.level': option({
    schema: () => schema.oneOf(['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all']),
    default: 'warn',
    env: [variable.word('OTEL_LOG_LEVEL')],
    doc: "What the agent says about itself on stderr, each line beginning with 'tracing:'.",
  }),
};
