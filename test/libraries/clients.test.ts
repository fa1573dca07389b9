// Clouds, sockets and queues: what they do lies below the request that asked, where the library carries the context that far.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { libraryTest } from './library-project.ts';

const accessDenied = '<Error><Code>AccessDenied</Code><Message>AKIAHUNTER2SECRET234 may not</Message></Error>';
/** Of the messages that were sent, by their trace. */
const sentParents = new Set<string>();

libraryTest('aws-sdk', {
  links: { '@aws-sdk/client-s3': '@aws-sdk/client-s3', '@aws-sdk/client-sqs': '@aws-sdk/client-sqs' },
  stub: async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    if (request.url?.startsWith('/forbidden/') === true) response.writeHead(403).end(accessDenied);
    else if (request.method === 'PUT') response.end();
    else {
      const { MessageBody, MessageAttributes } = JSON.parse(body) as {
        readonly MessageBody: string;
        readonly MessageAttributes: { readonly traceparent: { readonly StringValue: string } };
      };
      sentParents.add(MessageAttributes.traceparent.StringValue);
      const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
      response.end(JSON.stringify({ MessageId: '1', MD5OfMessageBody }));
    }
  },
  requests: ['/', '/failing'],
  attributes: ['aws.s3.bucket', 'messaging.system', 'messaging.destination.name', 'rpc.method'],
  secrets: ['AKIAHUNTER2SECRET234', 'hunter2secret'],
  tree: `
    SERVER GET 200
      CLIENT S3.PutObject 200 aws.s3.bucket=orders rpc.method=PutObject
        CLIENT PUT 200
      PRODUCER orders send 200 messaging.system=aws_sqs messaging.destination.name=orders rpc.method=SendMessage
        CLIENT POST 200
    SERVER GET 200
      CLIENT S3.PutObject 403 ERROR … aws.s3.bucket=forbidden rpc.method=PutObject
        CLIENT PUT 403 ERROR
  `,
  check: ({ sink: { spans } }) => {
    const sender = spans.find(({ kind }) => kind === 'PRODUCER');
    assert.ok(sender && sentParents.has(`00-${sender.traceId}-${sender.spanId}-01`));
  },
});

// The events of a socket are traces of their own.
libraryTest('socket.io', {
  links: { 'socket.io': 'socket.io', 'socket.io-client': 'socket.io-client' },
  attributes: ['messaging.system', 'messaging.socket.io.event_name', 'url.path'],
  secrets: ['hunter2secret'],
  tree: `
    SERVER GET 200 url.path=/
      CLIENT GET 101
        SERVER GET 101 url.path=/socket.io/
    CONSUMER receive / messaging.system=socket.io messaging.socket.io.event_name=connection
    CONSUMER receive / messaging.system=socket.io messaging.socket.io.event_name=order
      PRODUCER send / messaging.system=socket.io messaging.socket.io.event_name=stocked
  `,
});

libraryTest('kafkajs', {
  links: { kafkajs: 'kafkajs' },
  attributes: ['messaging.system', 'messaging.destination.name'],
  secrets: ['hunter2secret'],
  tree: `
    SERVER GET 200
      PRODUCER send orders KafkaJSError ERROR "The producer is disconnected" messaging.system=kafka messaging.destination.name=orders
  `,
});

// Its own telemetry speaks to the OpenTelemetry API, and so to the agent; the commands that it sends to Redis would be spans too.
libraryTest('bullmq', {
  links: { bullmq: 'bullmq', 'bullmq-otel': 'bullmq-otel' },
  service: 'redis',
  config: 'instrumentations: { ioredis: false }',
  order: 'text',
  attributes: ['bullmq.job.name', 'bullmq.queue.operation'],
  tree: `
    INTERNAL moveStalledJobsToWait tracing bullmq.queue.operation=moveStalledJobsToWait
    INTERNAL startStalledCheckTimer tracing bullmq.queue.operation=startStalledCheckTimer
    SERVER GET 200
      INTERNAL obliterate tracing bullmq.queue.operation=obliterate
        INTERNAL pause tracing bullmq.queue.operation=pause
      PRODUCER add tracing.pay bullmq.job.name=pay bullmq.queue.operation=add
        CONSUMER process tracing bullmq.job.name=pay bullmq.queue.operation=process
          INTERNAL complete tracing bullmq.job.name=pay bullmq.queue.operation=complete
  `,
});
