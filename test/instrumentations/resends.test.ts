import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Context, ROOT_CONTEXT, createContextKey, trace } from '@opentelemetry/api';
import { Resends } from '../../src/instrumentations/resends.ts';

const URL_A = 'http://a/x?y';
const first = { method: 'GET', url: URL_A, count: 0 };
const again = { method: 'GET', url: URL_A };
const createTrace = (): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });

suite('a repeat is told', () => {
  test('where a redirect is followed, whatever its method, once', () => {
    const resends = new Resends();
    resends.answered(ROOT_CONTEXT, { ...first, method: 'POST' }, { status: 303, location: '../z#part' });
    assert.equal(resends.take(ROOT_CONTEXT, { method: 'GET', url: 'http://a/z' }), 1);
    assert.equal(resends.take(ROOT_CONTEXT, { method: 'GET', url: 'http://a/z' }), 0);
  });

  test('where the same request follows a failure in its trace, and counts on', () => {
    const resends = new Resends();
    const parent = createTrace();
    resends.failed(parent, first);
    assert.equal(resends.take(parent, again), 1);
    resends.answered(parent, { ...first, count: 1 }, { status: 503, location: undefined });
    assert.equal(resends.take(parent, again), 2);
    assert.equal(resends.take(parent, again), 0);
  });

  test('not outside of a trace, of another method, URL or context, or after an answer that is final', () => {
    const resends = new Resends();
    const parent = createTrace();
    resends.failed(ROOT_CONTEXT, first);
    assert.equal(resends.take(ROOT_CONTEXT, again), 0);
    resends.failed(parent, first);
    assert.equal(resends.take(parent, { method: 'POST', url: URL_A }), 0);
    assert.equal(resends.take(parent, { method: 'GET', url: 'http://a/x' }), 0);
    assert.equal(resends.take(createTrace(), again), 0);
    const other = createTrace().setValue(createContextKey('other'), 1);
    for (const status of [200, 404, 501]) resends.answered(other, first, { status, location: undefined });
    resends.answered(other, first, { status: 200, location: '/x?y' });
    resends.answered(other, first, { status: 302, location: 'http://[' });
    assert.equal(resends.take(other, again), 0);
  });

  test('of the latest only, so that memory stays small', () => {
    const resends = new Resends();
    const parent = createTrace();
    for (let number = 0; number < 50; number++) resends.failed(parent, { ...first, url: `http://a/${number}` });
    assert.equal(resends.take(parent, { method: 'GET', url: 'http://a/49' }), 1);
    assert.equal(resends.take(parent, { method: 'GET', url: 'http://a/0' }), 0);
  });
});
