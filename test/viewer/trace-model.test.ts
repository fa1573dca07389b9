import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { toTraceDetail } from '../../src/viewer/page/saved-trace.ts';
import { createModel, search, type Span, toSelfParts, type TraceModel } from '../../src/viewer/page/trace-model.ts';
import { reveal, toRows } from '../../src/viewer/page/trace-rows.ts';
import { type GivenSpan, toOtlp } from './spans.ts';

const ALL_OPEN = { closed: new Set<string>(), unfolded: new Set<string>() };

function toModel(spans: readonly GivenSpan[]): TraceModel {
  const detail = toTraceDetail(JSON.stringify(toOtlp('shop', spans)));
  assert.ok(detail);
  return createModel(detail);
}

const find = (model: TraceModel, name: string): Span => {
  const span = model.spans.find(({ detail }) => detail.name === name);
  assert.ok(span);
  return span;
};
const lines = (model: TraceModel, openness = ALL_OPEN): string[] =>
  toRows(model, openness).map(
    ({ depth, span, members }) =>
      `${'  '.repeat(depth)}${members === undefined ? '' : `${members.length} × `}${span.detail.name}`,
  );

suite('the model of a trace', () => {
  test('own time is when no child is at work', () => {
    const model = toModel([
      { id: 1, name: 'root', duration: 100 },
      { id: 2, parent: 1, name: 'a', start: 10, duration: 30 },
      { id: 3, parent: 1, name: 'b', start: 30, duration: 20 },
      // Goes on after its parent.
      { id: 4, parent: 1, name: 'late', start: 90, duration: 60 },
    ]);
    const root = find(model, 'root');
    assert.deepEqual(toSelfParts(root), [
      [0, 10],
      [50, 90],
    ]);
    assert.equal(root.selfMillis, 50);
  });

  test('the critical path is what the trace waited for', () => {
    const model = toModel([
      { id: 1, name: 'root', duration: 100 },
      { id: 2, parent: 1, name: 'first', start: 5, duration: 35 },
      { id: 3, parent: 1, name: 'beside', start: 10, duration: 20 },
      { id: 4, parent: 1, name: 'second', start: 45, duration: 45 },
    ]);
    const parts = (name: string) => find(model, name).criticalParts.toSorted(([a], [b]) => a - b);
    assert.deepEqual(parts('root'), [
      [0, 5],
      [40, 45],
      [90, 100],
    ]);
    assert.deepEqual(parts('first'), [[5, 40]]);
    assert.deepEqual(parts('beside'), []);
    assert.deepEqual(parts('second'), [[45, 90]]);
  });

  test('siblings that are alike are one line, but none that failed', () => {
    const model = toModel([
      { id: 1, name: 'root', duration: 100 },
      ...Array.from({ length: 6 }, (_, index) => ({
        id: 10 + index,
        parent: 1,
        name: 'SELECT',
        start: index,
        status: index === 3 ? 2 : 0,
      })),
      { id: 30, parent: 1, name: 'render', start: 50 },
    ]);
    assert.deepEqual(lines(model), ['root', '  5 × SELECT', '  SELECT', '  render']);
    const hidden = model.spans.filter(({ detail }) => detail.name === 'SELECT')[1];
    assert.ok(hidden);
    assert.equal(lines(model, reveal(hidden, ALL_OPEN) as typeof ALL_OPEN).length, 9);
    assert.deepEqual(lines(model, { ...ALL_OPEN, closed: new Set(['0000000000000001']) }), ['root']);
  });

  test('the deepest error is found, and what leads to it', () => {
    const model = toModel([
      { id: 1, name: 'root', status: 2 },
      { id: 2, parent: 1, name: 'fine' },
      { id: 3, parent: 1, name: 'call', status: 2 },
      { id: 4, parent: 3, name: 'cause', status: 2 },
    ]);
    assert.equal(model.deepestError?.detail.name, 'cause');
    assert.deepEqual(
      model.spans.filter(({ hasError }) => hasError).map(({ detail }) => detail.name),
      ['root', 'call', 'cause'],
    );
  });

  test('circles, lost parents and a chain of ten thousand are drawn, each span once', () => {
    const model = toModel([
      { id: 1, parent: 2, name: 'a' },
      { id: 2, parent: 1, name: 'b' },
      { id: 3, parent: 3, name: 'own parent' },
      { id: 4, parent: 99, name: 'orphan' },
      ...Array.from({ length: 10_000 }, (_, index) => ({
        id: 1000 + index,
        ...(index > 0 && { parent: 999 + index }),
        name: 'link',
      })),
    ]);
    assert.equal(model.spans.length, 10_004);
    assert.deepEqual(
      lines(model).filter((line) => !line.endsWith('link')),
      ['own parent', 'orphan', 'a', '  b'],
    );
  });

  test('a search finds names and values', () => {
    const model = toModel([
      { id: 1, name: 'root', attributes: { user: 'Ada' } },
      { id: 2, parent: 1, name: 'other' },
    ]);
    assert.deepEqual(
      [...search(model, 'ada')].map(({ detail }) => detail.name),
      ['root'],
    );
    assert.equal(search(model, 'nowhere').size, 0);
  });
});
