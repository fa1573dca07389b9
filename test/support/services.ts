// Integration tests ask here for the databases and brokers they need, and are skipped in plain words where one is missing.
import { connect } from 'node:net';
import type { TestContext } from 'node:test';

const PORTS = { postgres: 5432, mariadb: 3306, redis: 6379, rabbitmq: 5672, nats: 4222, mqtt: 1883 } as const;

export type ServiceName = keyof typeof PORTS;

export interface Service {
  host: string;
  port: number;
}

/** Whether something accepts TCP connections there within `timeoutMillis` (1000). */
export function isReachable(host: string, port: number, timeoutMillis = 1000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMillis });
    const settle = (reachable: boolean): void => {
      socket.destroy();
      resolve(reachable);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

/**
 * Gives the address of a local service, or skips the test and gives undefined: `const redis = await requireService(t, 'redis'); if (!redis) return;`
 * With REQUIRE_SERVICES=1 a missing service throws, so that CI cannot pass by skipping.
 */
export async function requireService(
  t: Pick<TestContext, 'skip'>,
  name: ServiceName,
  port: number = PORTS[name],
): Promise<Service | undefined> {
  const host = '127.0.0.1';
  if (await isReachable(host, port)) return { host, port };
  const message = `${name} does not answer on ${host}:${port}`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(`${message}, and REQUIRE_SERVICES=1`);
  t.skip(message);
  return undefined;
}
