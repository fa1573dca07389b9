// Causes that lie between the program and the place where its traces go.
import type { Cause, Found } from '../cause.ts';
import { when } from '../cause.ts';
import { type AnswerKind, classifyAnswer } from '../classify-answer.ts';
import { hasConsole } from '../facts.ts';
import type { TriedDestination } from '../try-destinations.ts';

/** A clock that is further off than this is refused by some receivers, and misleads everybody who reads. */
const MOST_SKEW_MILLIS = 120_000;

export const sendingCauses: readonly Cause[] = [
  {
    id: 'nowhere-to-send',
    level: 'fail',
    title: 'Spans are made, but go nowhere: no destination is set, and the console is off.',
    mend: 'set OTEL_EXPORTER_OTLP_ENDPOINT, LOGFIRE_TOKEN, TRACING_FILE or TRACING_CONSOLE=tree',
    find: (facts) => {
      const { destinations, config } = facts.look;
      const why =
        config.console.value === 'off'
          ? `the console is off (${config.console.source})`
          : 'NODE_ENV is production, where the console is off';
      return when(destinations.length === 0 && !hasConsole(facts), `no destination is set, and ${why}`);
    },
  },
  {
    id: 'no-token',
    level: 'fail',
    title: 'Logfire is asked for, but there is no token.',
    mend: 'set LOGFIRE_TOKEN to a write token of the project',
    find: ({ look }) => when(look.config.lacksToken, 'export.logfire is on, but there is no token'),
  },
  {
    id: 'region-mismatch',
    level: 'fail',
    title: 'The token belongs to another region than the address.',
    mend: 'unset LOGFIRE_BASE_URL: the address follows the token',
    find: ({ look }) =>
      look.destinations.flatMap(({ regions, address }) =>
        regions === undefined || regions.token === regions.address
          ? []
          : [`the token is of the region ${regions.token}, but ${address} is in ${regions.address}`],
      ),
  },
  ofAnswer(
    'bad-token',
    'The receiver refuses the token or key.',
    'check the token: LOGFIRE_TOKEN, OTEL_EXPORTER_OTLP_HEADERS',
    ({ answer, message }) => `refuses the key (${answer?.statusCode ?? message})`,
  ),
  ofAnswer(
    'refused',
    'Nothing listens at the address.',
    'start the receiver, or give its address: OTEL_EXPORTER_OTLP_ENDPOINT',
    () => 'nothing listens there (ECONNREFUSED)',
  ),
  ofAnswer(
    'unknown-host',
    'The name of the host is not known.',
    'check the name for a typing error, and the DNS of the machine',
    ({ code }) => `no such host (${code})`,
  ),
  ofAnswer(
    'no-answer',
    'The receiver does not answer in time.',
    'check firewalls and proxies in between, and the port',
    ({ message }) => message ?? 'no answer',
  ),
  ofAnswer(
    'certificate',
    'The certificate of the receiver is not trusted.',
    'name its authority: OTEL_EXPORTER_OTLP_CERTIFICATE=ca.pem; for Logfire NODE_EXTRA_CA_CERTS',
    ({ message }) => `its certificate is not trusted: ${message}`,
  ),
  ofAnswer(
    'not-tls',
    'The address says https, but the receiver does not speak TLS.',
    'write http:// in place of https://, or give the port that speaks TLS',
    () => 'does not speak TLS',
  ),
  ofAnswer(
    'wrong-protocol',
    'The port speaks gRPC, and OTLP over HTTP is sent to it.',
    'OTLP over HTTP has port 4318; 4317 is for gRPC',
    () => 'speaks gRPC, not HTTP/1.1',
  ),
  ofAnswer(
    'http-port',
    'The port speaks OTLP over HTTP, and gRPC is sent to it.',
    'gRPC usually has port 4317; or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    () => 'speaks HTTP/1.1, not gRPC',
  ),
  ofAnswer(
    'path-twice',
    'The path of the signal is in the address twice.',
    'take /v1/traces out of OTEL_EXPORTER_OTLP_ENDPOINT: it is added; OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is taken as it stands',
    ({ answer }) => `has /v1/traces twice (${answer?.statusCode ?? 'no answer'})`,
  ),
  ofAnswer(
    'wrong-path',
    'The receiver has nothing at this path.',
    'check the path; /v1/traces is added to OTEL_EXPORTER_OTLP_ENDPOINT, and not to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ({ answer }) => `answers ${answer?.statusCode}: nothing at this path`,
  ),
  ofAnswer(
    'proxy',
    'Something else answers in place of the receiver: a proxy, a login page, a web server.',
    'check the address; let the proxy pass it',
    ({ answer }) =>
      `answers ${answer?.statusCode} with a page (${answer?.contentType?.split(';')[0] ?? 'text/html'}), as a proxy or web server does`,
  ),
  ofAnswer(
    'busy',
    'The receiver is there, but takes nothing now.',
    'look at the receiver; the agent tries again',
    ({ answer }) => `answers ${answer?.statusCode}`,
  ),
  ofAnswer(
    'file-not-writable',
    'The file cannot be written.',
    'make its folder, or give a path that may be written: TRACING_FILE',
    ({ message }) => `cannot be written: ${message}`,
  ),
  ofAnswer(
    'not-taken',
    'The receiver does not take the span.',
    'look at the receiver: what it says is all that is known',
    ({ message }) => `does not take a span: ${message}`,
  ),
  {
    id: 'clock-skew',
    level: 'warn',
    title: 'The clocks of this machine and of the receiver differ.',
    mend: 'set the clock: spans are shown at a time at which nobody looks, or are refused as too old',
    find: ({ look }) =>
      look.destinations.flatMap(({ address, answer }) => {
        const ahead = answer?.aheadMillis ?? 0;
        return when(Math.abs(ahead) > MOST_SKEW_MILLIS, `the clock here is ${toSpan(ahead)} ${address}`);
      }),
  },
  {
    id: 'spans-lost',
    level: 'warn',
    title: 'Spans of the program were lost on their way.',
    mend: 'look at the destination; docs/destinations.md says what happens when one fails',
    find: ({ main, look }) => {
      const broken = new Set(look.destinations.filter(({ taken }) => !taken).map(({ address }) => address));
      return (main?.deliveries ?? [])
        .filter(({ lost, address }) => lost > 0 && !broken.has(address))
        .map(
          ({ address, lost, delivered, reason }) =>
            `${lost} of ${lost + delivered} spans to ${address} were lost: ${reason ?? 'no reason given'}`,
        );
    },
  },
  {
    id: 'agent-warns',
    level: 'warn',
    title: 'A part of the agent has something to say, such as of a certificate file that cannot be read.',
    mend: 'do what the line says',
    find: ({ look }) => look.warnings,
  },
];

/** A cause that one kind of answer tells; `says` follows the address. */
function ofAnswer(id: AnswerKind, title: string, mend: string, says: (tried: TriedDestination) => string): Cause {
  return {
    id,
    level: id === 'busy' ? 'warn' : 'fail',
    title,
    mend,
    find: ({ look }): readonly Found[] =>
      look.destinations
        .filter((tried) => classifyAnswer(tried) === id)
        .map((tried) => `${tried.address} ${says(tried)}`),
  };
}

function toSpan(aheadMillis: number): string {
  const minutes = Math.round(Math.abs(aheadMillis) / 60_000);
  const amount = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `${amount} ${aheadMillis > 0 ? 'behind' : 'ahead of'}`;
}
