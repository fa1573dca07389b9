import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { type RedactorOptions, createRedactor } from '../../src/redaction/create-redactor.ts';
import type { RequestFacts } from '../../src/url-rules/match.ts';
import { createUrlFilter, type UserUrlFilter } from '../../src/url-rules/url-filter.ts';
import { type UrlRule, type UrlRules, type UrlRulesOptions, createUrlRules } from '../../src/url-rules/url-rules.ts';

interface Given {
  options?: RedactorOptions;
  ignore?: UrlRulesOptions['ignore'];
  rules?: readonly UrlRule[];
  filter?: UserUrlFilter;
}

function create({ options, ignore = [], rules = [], filter }: Given): UrlRules {
  const redactor = createRedactor(options);
  return createUrlRules({
    redactor,
    ignore,
    rules,
    filter: createUrlFilter(filter, { folder: '/', redactor }),
  });
}

const ORIGIN = 'http://api.example';

function factsOf(target: string, direction: RequestFacts['direction'] = 'client'): RequestFacts {
  const [path = '', query] = target.split(/\?(.*)/s);
  return { direction, method: 'GET', scheme: 'http', authority: 'api.example', path, query, header: () => undefined };
}

/** What is recorded of a target by a client; undefined where it is ignored. */
function record(given: Given, target: string): string | undefined {
  const urlRules = create(given);
  const facts = factsOf(target);
  const decision = urlRules.decide(facts);
  return decision.ignored ? undefined : urlRules.cleanUrl(ORIGIN + target, facts, decision).slice(ORIGIN.length);
}

/** The same of a server. */
function recordTarget(given: Given, target: string): string | undefined {
  const urlRules = create(given);
  const facts = factsOf(target, 'server');
  const decision = urlRules.decide(facts);
  return decision.ignored ? undefined : urlRules.cleanTarget(target, facts, decision);
}

describe('without rules', () => {
  it('every request gets the same decision, made once', () => {
    const urlRules = create({});
    assert.equal(urlRules.decide(factsOf('/a')), urlRules.decide(factsOf('/b?token=c')));
  });
  it('URLs and targets are redacted as they are anyhow', () => {
    assert.equal(record({}, '/x?token=a&page=2'), '/x?token=REDACTED&page=2');
    assert.equal(recordTarget({}, '/x?token=a&page=2'), '/x?token=REDACTED&page=2');
  });
});

describe('ignore', () => {
  it('holds in both directions unless it says which', () => {
    for (const given of [{ ignore: ['/health'] }, { rules: [{ match: '/health', ignore: true }] }] satisfies Given[]) {
      assert.equal(record(given, '/health'), undefined);
      assert.equal(recordTarget(given, '/health'), undefined);
      assert.equal(record(given, '/cart'), '/cart');
      assert.equal(recordTarget(given, '/cart'), '/cart');
    }
    const server: Given = { ignore: [{ direction: 'server', path: '/health' }] };
    assert.equal(record(server, '/health'), '/health');
    assert.equal(recordTarget(server, '/health'), undefined);
    const client: Given = { rules: [{ match: { direction: 'client', path: '/health' }, ignore: true }] };
    assert.equal(record(client, '/health'), undefined);
    assert.equal(recordTarget(client, '/health'), '/health');
  });
  it('without a match ignores everything', () => {
    assert.equal(record({ rules: [{ ignore: true }] }, '/x'), undefined);
  });
  it('is taken back for some by a rule before it that says false', () => {
    const given: Given = {
      rules: [
        { match: '/health/deep', ignore: false },
        { match: '/health*', ignore: true },
      ],
    };
    assert.equal(record(given, '/health/deep'), '/health/deep');
    assert.equal(record(given, '/health'), undefined);
  });
  it('of a rule counts whatever other actions came first', () => {
    const given: Given = {
      rules: [
        { match: '/x', name: '/x' },
        { match: '/x', ignore: true },
      ],
    };
    assert.equal(record(given, '/x'), undefined);
  });
});

describe('redact', () => {
  it('adds names for the requests that match', () => {
    const given: Given = { rules: [{ match: '/pay', redact: ['order_ref'] }] };
    assert.equal(record(given, '/pay?orderRef=a&token=b&page=2'), '/pay?orderRef=REDACTED&token=REDACTED&page=2');
    assert.equal(recordTarget(given, '/pay?orderRef=a&page=2'), '/pay?orderRef=REDACTED&page=2');
    assert.equal(record(given, '/buy?orderRef=a'), '/buy?orderRef=a');
  });
  it('adds to the names of the configuration', () => {
    const given: Given = { options: { keys: ['lane'] }, rules: [{ redact: ['order_ref'] }] };
    assert.equal(record(given, '/x?lane=a&order_ref=b'), '/x?lane=REDACTED&order_ref=REDACTED');
  });
  it('all hides every value and every opaque segment', () => {
    const given: Given = { rules: [{ match: '/admin/*', redact: 'all' }] };
    assert.equal(record(given, '/admin/81f3c2a9b0/users?page=2&q='), '/admin/REDACTED/users?page=REDACTED&q=');
  });
  it('hides a listed name whatever stands around it', () => {
    const given: Given = { rules: [{ redact: ['order_ref'] }] };
    const name = fc.constantFrom('order_ref', 'orderRef', 'ORDER-REF', 'order%5Fref', 'x[order_ref]', 'my.order_ref');
    const other = fc.stringMatching(/^[a-z]{1,5}=[a-z0-9]{0,5}$/);
    fc.assert(
      fc.property(name, fc.array(other, { maxLength: 4 }), fc.array(other, { maxLength: 4 }), (name, before, after) => {
        const recorded = record(given, `/x?${[...before, `${name}=SECRET-7F`, ...after].join('&')}`);
        assert.doesNotMatch(recorded ?? '', /SECRET-7F/);
        assert.match(recorded ?? '', /=REDACTED/);
      }),
    );
  });
});

describe('keep', () => {
  it('lets a name stay, but no value that looks like a secret', () => {
    const given: Given = { rules: [{ match: '/x', keep: ['session'] }] };
    assert.equal(record(given, '/x?session=a&token=b'), '/x?session=a&token=REDACTED');
    assert.equal(record(given, '/y?session=a'), '/y?session=REDACTED');
    const key = ['AK', 'IACH4NVNNOQVSRDFDU'].join('');
    assert.equal(record(given, `/x?session=${key}`), '/x?session=REDACTED');
  });
  it('wins over a name that redact lists, in the configuration or in a rule', () => {
    assert.equal(record({ options: { keys: ['lane'] }, rules: [{ keep: ['lane'] }] }, '/x?lane=a'), '/x?lane=a');
    assert.equal(record({ rules: [{ redact: ['lane'], keep: ['lane'] }] }, '/x?lane=a'), '/x?lane=a');
  });
  it('does not open what all hides', () => {
    assert.equal(record({ rules: [{ redact: 'all', keep: ['page'] }] }, '/x?page=a'), '/x?page=REDACTED');
    assert.equal(record({ options: { hideAll: true }, rules: [{ keep: ['page'] }] }, '/x?page=a'), '/x?page=REDACTED');
  });
});

describe('of several rules', () => {
  it('the first that fits wins, for each kind of action by itself', () => {
    const urlRules = create({
      rules: [
        { match: '/a/*', name: '/a/:first' },
        { match: '/a/b', name: '/never', sample: 0.5 },
        { match: { path: '/a/*' }, sample: 0.1, capture: true, redact: ['lane'] },
        { redact: ['order'], keep: ['session'], capture: false },
      ],
    });
    const facts = factsOf('/a/b?lane=1&order=2&session=3');
    const decision = urlRules.decide(facts);
    assert.ok(!decision.ignored);
    assert.deepEqual([decision.name, decision.sample, decision.capture], ['/a/:first', 0.5, true]);
    assert.equal(
      urlRules.cleanUrl('http://h/a/b?lane=1&order=2&session=3', facts, decision),
      'http://h/a/b?lane=REDACTED&order=2&session=3',
    );
    const other = urlRules.decide(factsOf('/x'));
    assert.ok(!other.ignored);
    assert.deepEqual([other.name, other.sample, other.capture], [undefined, undefined, false]);
  });
  it('an action that says false or 0 has been said', () => {
    const urlRules = create({
      rules: [
        { sample: 0, capture: false },
        { sample: 1, capture: true },
      ],
    });
    const decision = urlRules.decide(factsOf('/x'));
    assert.ok(!decision.ignored);
    assert.deepEqual([decision.sample, decision.capture], [0, false]);
  });
  it('any order of rules that do not overlap decides the same', () => {
    const rules: UrlRule[] = ['a', 'b', 'c', 'd'].map((name) => ({ match: `/${name}`, name: `/${name}!` }));
    fc.assert(
      fc.property(fc.shuffledSubarray(rules, { minLength: 4 }), fc.constantFrom('a', 'b', 'c', 'd'), (rules, name) => {
        const decision = create({ rules }).decide(factsOf(`/${name}`));
        assert.equal(!decision.ignored && decision.name, `/${name}!`);
      }),
    );
  });
  it('that combine in the same way share a redactor', () => {
    const urlRules = create({ rules: [{ match: '/a*', redact: ['lane'] }] });
    const [one, two] = [urlRules.decide(factsOf('/a')), urlRules.decide(factsOf('/ab'))];
    assert.ok(!one.ignored && !two.ignored);
    assert.equal(one.redactor, two.redactor);
  });
});

describe('a filter', () => {
  it('runs first, and the built-in redaction on what it returns', () => {
    const filter: UserUrlFilter = (url) => `${url.origin}/filtered?token=a&page=${url.searchParams.get('page')}`;
    assert.equal(record({ filter }, '/x?page=2'), '/filtered?token=REDACTED&page=2');
    assert.equal(recordTarget({ filter }, '/x?page=2'), '/filtered?token=REDACTED&page=2');
  });
  it('that fails leaves of a target only its path, hidden', () => {
    const filter = (): never => {
      throw new Error('x');
    };
    assert.equal(record({ filter }, '/x?page=2'), '/REDACTED');
    assert.equal(recordTarget({ filter }, '/x?page=2'), '/REDACTED');
    assert.equal(recordTarget({ filter }, '*'), 'REDACTED');
    assert.equal(recordTarget({ filter }, '//evil.example/x?a=b'), '/REDACTED');
  });
  it('that moves a target to another host keeps the host visible', () => {
    const filter: UserUrlFilter = () => 'http://api.example.elsewhere.example/x?token=a';
    assert.equal(recordTarget({ filter }, '/x'), 'http://api.example.elsewhere.example/x?token=REDACTED');
  });
  it('that removes the path leaves the root of a target', () => {
    assert.equal(recordTarget({ filter: () => 'http://api.example' }, '/x?a=b'), '/');
    assert.equal(recordTarget({ filter: () => 'http://api.example?a=b' }, '/x'), '/?a=b');
  });
});
