// The Runtime API of AWS Lambda, as far as a runtime uses it. Freezes the process where Lambda does: when its answer is there, and it asks for more.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Invocation {
  /** What the runtime gave back, and whether as an error. */
  readonly body: string;
  readonly failed: boolean;
  /** Millisecond clock when it came. */
  readonly atMillis: number;
}

export interface FakeLambda extends AsyncDisposable {
  /** For AWS_LAMBDA_RUNTIME_API. */
  readonly api: string;
  /** Gives the process an event and resolves when it is frozen behind its answer. `pid` is stopped until the next invocation. */
  invoke(event: unknown, pid: number): Promise<Invocation>;
  readonly requests: readonly string[];
}

const readBody = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
};

/** Starts it on a port of the loopback. `freezeAt`: when the answer has come, or only when the process asks for the next event. */
export async function startFakeLambda({
  freezeAt = 'answer',
}: { freezeAt?: 'answer' | 'next' } = {}): Promise<FakeLambda> {
  const requests: string[] = [];
  const asking: ServerResponse[] = [];
  let isAsked: (() => void) | undefined;
  let answered: ((invocation: Invocation) => void) | undefined;
  let count = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (request.url?.endsWith('/next') === true) {
      asking.push(response);
      isAsked?.();
      return;
    }
    void readBody(request).then((body) => {
      response.writeHead(202).end();
      answered?.({ body, failed: request.url?.endsWith('/error') === true, atMillis: performance.now() });
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const nextAsked = async (): Promise<ServerResponse> => {
    if (asking.length === 0) await new Promise<void>((resolve) => (isAsked = resolve));
    const response = asking.shift();
    if (response === undefined) throw new Error('nobody asked');
    return response;
  };
  return {
    api: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async invoke(event, pid) {
      process.kill(pid, 'SIGCONT');
      const response = await nextAsked();
      const result = new Promise<Invocation>((resolve) => (answered = resolve));
      count += 1;
      response
        .writeHead(200, {
          'lambda-runtime-aws-request-id': `request-${count}`,
          'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-central-1:123456789012:function:shop',
          'lambda-runtime-deadline-ms': String(Date.now() + 60_000),
        })
        .end(JSON.stringify(event));
      const invocation = await result;
      if (freezeAt === 'next' && asking.length === 0) await new Promise<void>((resolve) => (isAsked = resolve));
      process.kill(pid, 'SIGSTOP');
      return invocation;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
