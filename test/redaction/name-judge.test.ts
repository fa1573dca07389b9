// Which names give their value away.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNameJudge } from '../../src/redaction/name-judge.ts';

const judge = createNameJudge({});
const says = (hide: string, names: string): void => {
  for (const name of names.trim().split(/\s+/)) assert.equal(judge.judge(name).hide, hide, name);
};

describe('the name judge', () => {
  it('hides by whole words', () =>
    says(
      'always',
      'token accessToken ACCESS_TOKEN x-api-key apiKey APIKey PHPSESSID user_pass sid db.password DB_PASSWORD2 sslpassword ToKeN uSeR_PaSs',
    ));
  it('hides below a sensitive parent', () =>
    says('always', 'secret[value] auth.user token[type] api[key] private.key'));
  it('keeps other words that look alike', () =>
    says(
      'never',
      'monkey turnkey keyboard keyword author authors authority design assign signup passenger compass passive secretary tokenizer postcode country_code sort_key public_key idempotency-key client_id inside',
    ));
  it('wants a long opaque value after a remark', () =>
    says(
      'long-opaque',
      'token_count max_tokens token_type password_min_length session_timeout num_tokens has_password auth_method cookie_policy',
    ));
  it('wants an opaque value after a weak name', () =>
    says('opaque', 'key code state ticket nonce hash md5 sign mac h s t k p st tk KEY'));
  it('is not fooled by a remark that is a name of its own', () => says('always', 'username user_name userName'));
  it('folds look-alikes and the invisible', () => {
    for (const name of [
      'pаssword',
      'tοκen',
      '\uff54\uff4f\uff4b\uff45\uff4e',
      'to\u212aen',
      'to\u200bken',
      'to\u0000ken',
      'to\u00adken',
      '\ufefftoken',
      'tókén',
      'to\ud800ken',
    ]) {
      assert.equal(judge.judge(name).hide, 'always', JSON.stringify(name));
    }
  });
  it('answers the same for a stretch of a longer text', () => {
    const text = '?a=1&my_long_access_token=x&my_long_harmless_name=y';
    assert.equal(judge.at(text, 5, 25).hide, 'always');
    assert.equal(judge.at(text, 28, 49).hide, 'never');
    assert.equal(judge.at(text, 3, 3).hide, 'never');
  });
  it('survives more names than its cache holds', () => {
    for (let count = 0; count < 5000; count++) assert.equal(judge.judge(`n${count}_token`).hide, 'always');
  });
});
