import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createGzipTransport } from '../../../src/exporters/otlp/gzip-transport.ts';
import type { BlockingPostResult, Transport, Verdict } from '../../../src/exporters/otlp/transport.ts';

type Answer = 'taken' | 'unread' | 'refused' | 'busy' | 'gone';

const VERDICTS: Readonly<Record<Exclude<Answer, 'gone'>, Verdict>> = {
  taken: { taken: true },
  unread: { taken: false, reason: 'HTTP status 400', retry: false, unread: true, waitMillis: undefined },
  refused: { taken: false, reason: 'HTTP status 401', retry: false, unread: false, waitMillis: undefined },
  busy: { taken: false, reason: 'HTTP status 503', retry: true, unread: false, waitMillis: undefined },
};
const RESULTS: Readonly<Record<Answer, BlockingPostResult>> = {
  taken: { taken: true },
  unread: { taken: false, reason: 'HTTP status 400', again: false, unread: true },
  refused: { taken: false, reason: 'HTTP status 401', again: false },
  busy: { taken: false, reason: 'HTTP status 503', again: true },
  gone: { taken: false, reason: 'ECONNRESET', again: true },
};

/** A receiver that answers what it is told, in turn, and remembers what it was sent. */
function createReceiver(answers: { readonly packed?: Answer[]; readonly plain?: Answer[] }) {
  const sent: string[] = [];
  const said: string[] = [];
  const open = (name: 'packed' | 'plain'): Transport => {
    const take = (body: Uint8Array): Answer => {
      sent.push(`${name} ${Buffer.from(name === 'packed' ? gunzipSync(body) : body).toString()}`);
      return answers[name]?.shift() ?? 'taken';
    };
    return {
      post(body) {
        const answer = take(body);
        const judged =
          answer === 'gone'
            ? Promise.reject(new Error('ECONNRESET'))
            : Promise.resolve({ verdict: VERDICTS[answer], body: new Uint8Array() });
        return { answer: judged, isWritten: () => true };
      },
      startPostBlocking: (bodies) => () => bodies.map((body) => RESULTS[take(body)]),
    };
  };
  const transport = createGzipTransport({
    packed: open('packed'),
    createPlain: () => open('plain'),
    onUnread: (reason) => said.push(reason),
  });
  const post = async (text: string): Promise<string> => {
    const { verdict } = await transport.post(Buffer.from(text), new AbortController().signal).answer;
    return verdict.taken ? 'taken' : verdict.reason;
  };
  const leave = (...texts: string[]): string[] =>
    transport
      .startPostBlocking(
        texts.map((text) => Buffer.from(text)),
        1000,
      )()
      .map((result) => (result.taken ? 'taken' : result.reason));
  return { transport, sent, said, post, leave };
}

suite('compression', () => {
  test('stays where the receiver reads it', async () => {
    const { post, sent, said } = createReceiver({});
    for (const text of ['a', 'b']) assert.equal(await post(text), 'taken');
    assert.deepEqual([sent, said], [['packed a', 'packed b'], []]);
  });

  test('ends with the first batch that is taken only without it, said once', async () => {
    const { post, sent, said } = createReceiver({ packed: ['unread'] });
    for (const text of ['a', 'b', 'c']) assert.equal(await post(text), 'taken');
    assert.deepEqual(sent, ['packed a', 'plain a', 'plain b', 'plain c']);
    assert.deepEqual(said, ['HTTP status 400']);
  });

  test('ends for batches that were on their way at the same time, said once', async () => {
    const { post, sent, said } = createReceiver({ packed: ['unread', 'unread'] });
    assert.deepEqual(await Promise.all([post('a'), post('b')]), ['taken', 'taken']);
    assert.deepEqual(sent.toSorted(), ['packed a', 'packed b', 'plain a', 'plain b']);
    assert.equal(said.length, 1);
  });

  test('is not to blame for a batch that is refused without it as well, and no later one is tried twice', async () => {
    const { post, sent, said } = createReceiver({ packed: ['unread', 'unread'], plain: ['unread'] });
    for (const text of ['a', 'b']) assert.equal(await post(text), 'HTTP status 400');
    assert.deepEqual([sent, said], [['packed a', 'plain a', 'packed b'], []]);
  });

  test('is not to blame once it was read', async () => {
    const { post, sent, said } = createReceiver({ packed: ['taken', 'unread'] });
    assert.deepEqual([await post('a'), await post('b')], ['taken', 'HTTP status 400']);
    assert.deepEqual([sent, said], [['packed a', 'packed b'], []]);
  });

  test('has nothing to do with other refusals', async () => {
    const { post, sent } = createReceiver({ packed: ['refused', 'busy'] });
    assert.deepEqual([await post('a'), await post('b')], ['HTTP status 401', 'HTTP status 503']);
    assert.deepEqual(sent, ['packed a', 'packed b']);
  });

  test('is in doubt still when the attempt without it fails for another reason', async () => {
    const { post, sent, said } = createReceiver({ packed: ['unread', 'unread', 'unread'], plain: ['busy', 'gone'] });
    assert.equal(await post('a'), 'HTTP status 503');
    await assert.rejects(post('a'), /ECONNRESET/);
    assert.equal(await post('a'), 'taken');
    assert.deepEqual(sent, ['packed a', 'plain a', 'packed a', 'plain a', 'packed a', 'plain a']);
    assert.equal(said.length, 1);
  });

  test('ends while the process leaves too, each result in its place', () => {
    const { leave, sent, said } = createReceiver({ packed: ['unread', 'busy', 'unread'], plain: ['taken', 'gone'] });
    assert.deepEqual(leave('a', 'b', 'c'), ['taken', 'HTTP status 503', 'ECONNRESET']);
    assert.deepEqual(sent, ['packed a', 'packed b', 'packed c', 'plain a', 'plain c']);
    assert.equal(said.length, 1);
    assert.deepEqual(leave('d'), ['taken']);
    assert.equal(sent.at(-1), 'plain d');
  });

  test('packs what is sent again once', async (t) => {
    const body = Buffer.from('a');
    const { gzip } = process.getBuiltinModule('node:zlib');
    const counted = t.mock.method(process.getBuiltinModule('node:zlib'), 'gzip', gzip);
    const { transport } = createReceiver({ packed: ['busy'] });
    const { signal } = new AbortController();
    for (let attempt = 0; attempt < 2; attempt++) await transport.post(body, signal).answer;
    assert.deepEqual(transport.startPostBlocking([body], 1000)(), [{ taken: true }]);
    assert.equal(counted.mock.callCount(), 1);
  });
});
