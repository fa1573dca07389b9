import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  type Context,
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  createContextKey,
  propagation,
  trace,
} from '@opentelemetry/api';
import {
  RPCType,
  deleteRPCMetadata,
  getRPCMetadata,
  isTracingSuppressed,
  setRPCMetadata,
  suppressTracing,
} from '@opentelemetry/core';
import { RequestContext } from '../../src/instrumentations/request-context.ts';

const KEY = createContextKey('a key of the application');
const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const other = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
const rpc = { type: RPCType.HTTP as const, span };
const otherRpc = { ...rpc, span: other };
const parent = propagation.setBaggage(ROOT_CONTEXT.setValue(KEY, 'parent'), propagation.createBaggage());

/** All that anybody can read of a context. */
function read(context: Context): readonly unknown[] {
  return [
    trace.getSpan(context),
    getRPCMetadata(context),
    context.getValue(KEY),
    propagation.getBaggage(context),
    isTracingSuppressed(context),
  ];
}

describe('the context of a request', () => {
  const changes: Readonly<Record<string, (context: Context) => Context>> = {
    'as it is': (context) => context,
    'with another span': (context) => trace.setSpan(context, other),
    'with other metadata': (context) => setRPCMetadata(context, otherRpc),
    'with a value of the application': (context) => context.setValue(KEY, 'own'),
    'with a span in a value in a span': (context) =>
      trace.setSpan(trace.setSpan(context, other).setValue(KEY, 1), span),
    'with tracing suppressed': suppressTracing,
    'without a span': (context) => trace.deleteSpan(context),
    'without metadata': deleteRPCMetadata,
    'without a value': (context) => context.deleteValue(KEY),
  };
  for (const [name, change] of Object.entries(changes)) {
    test(`holds, ${name}, what contexts of the API would`, () => {
      const own = change(new RequestContext(parent, span, rpc));
      const received = change(setRPCMetadata(trace.setSpan(parent, span), rpc));
      for (const [at, value] of read(received).entries()) assert.equal(read(own)[at], value);
    });

    test(`holds, ${name} and on the client's side, what they would`, () => {
      const own = change(new RequestContext(setRPCMetadata(parent, rpc), other));
      const sent = change(trace.setSpan(setRPCMetadata(parent, rpc), other));
      for (const [at, value] of read(sent).entries()) assert.equal(read(own)[at], value);
    });
  }

  test('does not change when another is made of it', () => {
    const own = new RequestContext(parent, span, rpc);
    trace.setSpan(own, other).setValue(KEY, 'own');
    assert.equal(trace.getSpan(own), span);
    assert.equal(own.getValue(KEY), 'parent');
  });
});
