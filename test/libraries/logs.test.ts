// Records that a logger writes inside a request carry the ids of its span.
import assert from 'node:assert/strict';
import { libraryTest, type LibraryTest } from './library-project.ts';

const check: LibraryTest['check'] = ({ sink: { spans }, exit: { stdout } }) => {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const find = (text: string): Record<string, unknown> =>
    records.find((record) => record['msg'] === text || record['message'] === text) ?? {};
  assert.deepEqual([find('outside')['level'] === undefined, find('outside')['trace_id']], [false, undefined]);
  const { trace_id: traceId, span_id: spanId } = find('inside');
  assert.deepEqual([traceId, spanId], [spans[0]?.traceId, spans[0]?.spanId]);
};

for (const name of ['pino', 'winston', 'bunyan']) {
  libraryTest(name, { links: { [name]: name }, tree: 'SERVER GET 200', check });
}
