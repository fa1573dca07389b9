// What looks random, and what a person wrote.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isOpaque } from '../../src/redaction/opaque-value.ts';

it('takes random letters and digits for opaque', () => {
  for (const value of [
    'Q7abcdefgh12345678',
    'c3VwZXItc2VjcmV0LTEyMw',
    'bbc1de562d6d244b32ca92f370997b51',
    '2960105f-06de-4b7b-a61f-bcccee20db41',
    'AB12C-9DE3F-G4H5K',
    'uiPLhgTRxQmzKdWbYe',
  ]) {
    assert.ok(isOpaque(value, 12), value);
  }
});

it('takes words, numbers, dates and addresses for what they are', () => {
  for (const value of [
    'how-to-reset-2024',
    'checkout.button.label2',
    'users/123/profile.json',
    '2026-12-01T00:00:00Z',
    '2026-12-01T00%3A00Z',
    '20261101T000000Z',
    '1700000000000',
    'verification',
    'getAccountSettingsPage2',
    'SUMMER-SALE-2024',
    '00:1A:2B:3C:4D:5E',
    'caf%C3%A9-menu-2024',
    'привет-мир-2024',
    'short1',
  ]) {
    assert.ok(!isOpaque(value, 12), value);
  }
});
