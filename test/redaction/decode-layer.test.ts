// One round of decoding, and the way back to the original text.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { codedOffsets, decodeLayer, stripLineBreaks } from '../../src/redaction/decode-layer.ts';
import { sourceAt, widthAt } from '../../src/redaction/layer.ts';

const decode = (text: string): string | undefined => decodeLayer({ text, map: undefined })?.text;

describe('decodeLayer', () => {
  it('undoes one round of every encoding', () => {
    assert.equal(decode('tok%65n'), 'token');
    assert.equal(decode('%2565'), '%65');
    assert.equal(decode('caf%C3%A9 %F0%9F%98%80'), 'café 😀');
    assert.equal(decode('a\\u0026b\\/c\\"d\\x41'), 'a&b/c"dA');
    assert.equal(decode('a&amp;b&#38;c&#x26;d&quot;'), 'a&b&c&d"');
    assert.equal(decode('%u0074oken'), 'token');
  });
  it('keeps what is invalid, and replaces broken UTF-8', () => {
    assert.equal(decode('100%&x=%zz&amp'), undefined);
    assert.equal(decode('%zz%41'), '%zzA');
    assert.equal(decode('%C3%28'), '\ufffd(');
    assert.equal(decode('%E0%A4%A'), '\ufffd%A');
    assert.equal(decode('%FF'), '\ufffd');
  });
  it('maps every character to where it came from', () => {
    const layer = decodeLayer({ text: 'a%26b&amp;c', map: undefined });
    assert.ok(layer);
    assert.equal(layer.text, 'a&b&c');
    assert.deepEqual(
      [0, 1, 2, 3, 4, 5].map((at) => sourceAt(layer, at)),
      [0, 1, 4, 5, 10, 11],
    );
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((at) => widthAt(layer, at)),
      [1, 3, 1, 5, 1],
    );
    const deeper = decodeLayer(decodeLayer({ text: 'x%2565y', map: undefined }) ?? layer);
    assert.ok(deeper);
    assert.equal(deeper.text, 'xey');
    assert.equal(sourceAt(deeper, 2), 6);
  });
  it('maps both halves of a surrogate pair', () => {
    const layer = decodeLayer({ text: '%F0%9F%98%80z', map: undefined });
    assert.ok(layer);
    assert.deepEqual(
      [0, 1, 2, 3].map((at) => sourceAt(layer, at)),
      [0, 12, 12, 13],
    );
  });
});

describe('stripLineBreaks', () => {
  it('deletes what URL parsing deletes', () => {
    const layer = stripLineBreaks({ text: 'to\tk\r\nen', map: undefined });
    assert.equal(layer?.text, 'token');
    assert.equal(layer && sourceAt(layer, 3), 6);
    assert.equal(stripLineBreaks({ text: 'token', map: undefined }), undefined);
  });
});

describe('codedOffsets', () => {
  it('finds what could still be decoded', () => {
    assert.deepEqual([...codedOffsets({ text: 'a%41b%zz\\"', map: undefined })], [1, 8]);
  });
});
