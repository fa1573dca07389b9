// 200,000 disguised attacks with a fixed seed (20,000 where not every case runs); TRACING_FUZZ_COUNT and TRACING_FUZZ_SEED make longer and other runs.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { amountOf } from '../support/every-case.ts';
import { createRedactor } from '../../src/redaction/create-redactor.ts';
import { findLeak } from './leak-forms.ts';
import { drawAttack } from './mutations.ts';
import { createRandom } from './random.ts';

const count = Number(process.env.TRACING_FUZZ_COUNT ?? amountOf(200_000, 5_000));
const seed = Number(process.env.TRACING_FUZZ_SEED ?? 20_261_122);
/** Every so many attacks, the result is redacted again. */
const IDEMPOTENCE_STEP = 4;

it(`hides the secret of ${count} disguised attacks (seed ${seed})`, () => {
  const redactor = createRedactor();
  const random = createRandom(seed);
  for (let done = 0; done < count; done++) {
    const { input, kind, secret } = drawAttack(random);
    const output = redactor.redact(input, kind);
    const leak = findLeak(output, secret);
    assert.equal(leak, undefined, `${kind} ${JSON.stringify(input)}\n => ${JSON.stringify(output)}`);
    if (done % IDEMPOTENCE_STEP === 0) assert.equal(redactor.redact(output, kind), output, JSON.stringify(input));
  }
});
