// Called by the http-metrics processor: a span's attributes -> those of the HTTP metrics, and the instruments as the conventions define them.
import { type Attributes, ValueType } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_SCHEME,
  METRIC_HTTP_CLIENT_REQUEST_DURATION,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';

/** The bounds, in seconds, that the conventions advise for durations. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The instruments: `http.server.active_requests` is not stable yet in the conventions, and so not among the package's constants. */
export const HTTP_METRICS = {
  serverDuration: {
    name: METRIC_HTTP_SERVER_REQUEST_DURATION,
    options: {
      description: 'Duration of HTTP server requests.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    },
  },
  clientDuration: {
    name: METRIC_HTTP_CLIENT_REQUEST_DURATION,
    options: {
      description: 'Duration of HTTP client requests.',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_BUCKETS },
    },
  },
  activeRequests: {
    name: 'http.server.active_requests',
    options: { description: 'Number of active HTTP server requests.', unit: '{request}', valueType: ValueType.INT },
  },
} as const;

/** Who sends X-Forwarded-Proto writes the scheme, so any other text would be a time series of its own. */
const SCHEMES: ReadonlySet<unknown> = new Set(['http', 'https', 'ws', 'wss']);

/** The attributes of `http.server.active_requests`: what a span knows when it starts. */
export function toActiveRequestAttributes(span: Attributes): Attributes {
  const scheme = span[ATTR_URL_SCHEME];
  return {
    [ATTR_HTTP_REQUEST_METHOD]: span[ATTR_HTTP_REQUEST_METHOD],
    [ATTR_URL_SCHEME]: SCHEMES.has(scheme) ? scheme : '_OTHER',
  };
}

/** The attributes of `http.server.request.duration`. The host is left out: the client writes it, and the conventions have it on request only. */
export function toServerDurationAttributes(span: Attributes): Attributes {
  const attributes = toActiveRequestAttributes(span);
  copy(span, attributes, ATTR_HTTP_ROUTE);
  copyOutcome(span, attributes);
  return attributes;
}

/** The attributes of `http.client.request.duration`. */
export function toClientDurationAttributes(span: Attributes): Attributes {
  const attributes: Attributes = { [ATTR_HTTP_REQUEST_METHOD]: span[ATTR_HTTP_REQUEST_METHOD] };
  copy(span, attributes, ATTR_SERVER_ADDRESS);
  copy(span, attributes, ATTR_SERVER_PORT);
  copyOutcome(span, attributes);
  return attributes;
}

function copyOutcome(span: Attributes, attributes: Attributes): void {
  copy(span, attributes, ATTR_HTTP_RESPONSE_STATUS_CODE);
  copy(span, attributes, ATTR_ERROR_TYPE);
  copy(span, attributes, ATTR_NETWORK_PROTOCOL_VERSION);
  if (span[ATTR_NETWORK_PROTOCOL_NAME] !== 'http') copy(span, attributes, ATTR_NETWORK_PROTOCOL_NAME);
}

function copy(from: Attributes, to: Attributes, name: string): void {
  const value = from[name];
  if (value !== undefined) to[name] = value;
}
