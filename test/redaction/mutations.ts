// fuzz.test.ts, and its longer runs by hand, build attacks here: a secret under a sensitive name, disguised in random ways.
import { fakeSecret, pick } from './random.ts';

/** A generated attack. */
export interface Attack {
  readonly kind: 'client' | 'server' | 'string';
  readonly input: string;
  readonly secret: string;
}

type Random = () => number;

const NAMES =
  `password passwd pwd passphrase secret token access_token client_secret api_key apiKey X-Api-Key auth_token
  authorization jwt sig signature hmac csrf_token otp session_id sid PHPSESSID private_key credentials code_verifier
  refresh-token X-Amz-Signature AccountKey user_pass subscription-key sslpassword id_token_hint`.split(/\s+/);
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'а',
  e: 'е',
  o: 'ο',
  p: 'р',
  c: 'с',
  s: 'ѕ',
  i: 'і',
  k: 'κ',
  t: 'т',
};
const INVISIBLE = ['\u200b', '\u00ad', '\ufeff', '\u2060', '\u0000', '\u200d'];

/** Draws one attack. */
export function drawAttack(random: Random): Attack {
  const secret = fakeSecret(random, 16 + Math.floor(random() * 24));
  const shape = Math.floor(random() * 8);
  if (shape === 0) return inUserinfo(random, secret);
  if (shape === 1) return afterMarker(random, secret);
  if (shape === 2) return inText(random, secret);
  return inPair(random, secret);
}

const oneOf = <T>(random: Random, choices: readonly T[]): T => {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError('no choices');
  return choice;
};
const chance = (random: Random, likelihood: number): boolean => random() < likelihood;

function inPair(random: Random, secret: string): Attack {
  const name = disguise(random, oneOf(random, NAMES));
  let pair = `${name}=${chance(random, 0.1) ? encodeAll(secret) : secret}`;
  if (chance(random, 0.15)) pair = jsonOf(random, secret);
  const left = chance(random, 0.6) ? `${noise(random)}&` : '';
  const right = chance(random, 0.6) ? `&${noise(random)}` : '';
  const path = oneOf(random, ['/a', '/v1/items', '/x;v=2', '/caf%C3%A9', '']);
  let url = `${path}${oneOf(random, ['?', '?', '?', '??', '#', ';', '?x=1#'])}${left}${pair}${right}`;
  const levels = chance(random, 0.4) ? Math.floor(random() * 8) : 0;
  for (let level = 0; level < levels; level++) {
    const origin = oneOf(random, ['https://h.example', '', '//h.example']);
    url = `/r?page=1&u=${encode(random, origin + url)}${chance(random, 0.5) ? '&z=2' : ''}`;
  }
  if (chance(random, 0.5)) return { kind: 'server', input: url, secret };
  if (chance(random, 0.5)) return { kind: 'client', input: `https://h.example${breakLines(random, url)}`, secret };
  return { kind: 'string', input: sentence(random, `https://h.example${url}`), secret };
}

function inUserinfo(random: Random, secret: string): Attack {
  const scheme = oneOf(random, [
    'http://',
    'https://',
    'HTTPS://',
    'wss://',
    'postgres://',
    'git+https://',
    'http:',
    'https:/',
    'http:////',
    '\\\\',
    '//',
  ]);
  const user = oneOf(random, ['u', '', 'a%40b', 'x@y', 'svc']);
  const url = `${scheme}${user}:${secret}@h.example${oneOf(random, ['', '/', '/x?y=1', ':8443/x', '/@a/b'])}`;
  if (chance(random, 0.3)) return { kind: 'server', input: `/r?u=${encode(random, url)}&z=1`, secret };
  return chance(random, 0.5)
    ? { kind: 'client', input: url, secret }
    : { kind: 'string', input: sentence(random, url), secret };
}

function afterMarker(random: Random, secret: string): Attack {
  const marker = oneOf(random, [
    'reset',
    'reset-password',
    'Verify_Email',
    'confirm',
    'activate',
    'invite',
    'magic-link',
    'token',
    'api-key',
    'webhooks',
    'sessions',
  ]);
  const path = `/a/${marker}/${chance(random, 0.3) ? 'acme/' : ''}${secret}${oneOf(random, ['', '/', '/done', '?page=1', '#x'])}`;
  if (chance(random, 0.3)) return { kind: 'server', input: `/r?next=${encode(random, path)}`, secret };
  return { kind: 'server', input: path, secret };
}

function inText(random: Random, secret: string): Attack {
  const name = oneOf(random, NAMES);
  const text = oneOf(random, [
    `{"${name}":"${secret}","page":1}`,
    `{ ${name.replaceAll('-', '_')}: '${secret}', page: 1 }`,
    `node a.js --${name} ${secret} --verbose`,
    `node a.js --${name}=${secret} --verbose`,
    `["--${name}","${secret}"]`,
    `Authorization: Bearer ${secret}`,
    `Cookie: a=1; b=${secret}; c=3`,
    `Server=h;${name}=${secret};Database=x`,
    `curl -u bob:${secret} https://h.example/`,
    `env ${name.toUpperCase().replaceAll('-', '_')}=${secret} run`,
    `login(${name.replaceAll('-', '_')}: "${secret}") { id }`,
  ]);
  return { kind: 'string', input: chance(random, 0.3) ? JSON.stringify({ msg: text, ms: 3 }) : text, secret };
}

/** Changes case, separators, letters and encoding of a name without changing what it means. */
function disguise(random: Random, name: string): string {
  let text = name;
  if (chance(random, 0.3))
    text = [...text].map((c) => (chance(random, 0.5) ? c.toUpperCase() : c.toLowerCase())).join('');
  if (chance(random, 0.3)) text = text.replace(/[-_]/g, oneOf(random, ['-', '_', '.', '+', '%20', '%2D', '%5F']));
  if (chance(random, 0.15) && !text.includes('%'))
    text = [...text].map((c) => (chance(random, 0.4) ? encodeURIComponent(LOOKALIKES[c] ?? c) : c)).join('');
  if (chance(random, 0.1) && !text.includes('%'))
    text = [...text]
      .map((c) => (/[a-z]/i.test(c) ? encodeURIComponent(String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0)) : c))
      .join('');
  if (chance(random, 0.1)) {
    const at = Math.floor(random() * text.length);
    if (!text.includes('%')) text = text.slice(0, at) + encodeURIComponent(oneOf(random, INVISIBLE)) + text.slice(at);
  }
  if (chance(random, 0.25))
    text = [...text]
      .map((c) => (/[a-z]/i.test(c) && chance(random, 0.3) && !text.includes('%') ? encodeAll(c) : c))
      .join('');
  if (chance(random, 0.15))
    for (let round = Math.floor(random() * 3); round > 0; round--) text = text.replaceAll('%', '%25');
  if (chance(random, 0.15))
    text = oneOf(random, [
      `${text}[]`,
      `user[${text}]`,
      `a.${text}`,
      `${text}[value]`,
      `+${text}`,
      `${text}%20`,
      `a[b][${text}]`,
    ]);
  return text;
}

function jsonOf(random: Random, secret: string): string {
  const name = oneOf(random, NAMES);
  const json = oneOf(random, [
    { [name]: secret, page: 1 },
    { user: { [name]: secret } },
    [{ page: 1 }, { [name]: [secret] }],
    { auth: { a: { b: secret } } },
    { body: JSON.stringify({ [name]: secret }) },
    ['--password', secret],
  ]);
  return `q=${chance(random, 0.7) ? encodeURIComponent(JSON.stringify(json)) : JSON.stringify(json)}`;
}

function noise(random: Random): string {
  return oneOf(random, [
    'page=2',
    'a=1;b=2',
    '=',
    'x',
    'q=%zz',
    'q=%E0%A4%A',
    't=[[{"',
    'token=',
    'lang=en',
    `id=${pick(random, '0123456789', 6)}`,
    'a=b?c',
    'q=100%',
  ]);
}

function breakLines(random: Random, url: string): string {
  if (!chance(random, 0.15)) return url;
  const at = 1 + Math.floor(random() * (url.length - 1));
  return url.slice(0, at) + oneOf(random, ['\t', '\n', '\r\n']) + url.slice(at);
}

function sentence(random: Random, url: string): string {
  return oneOf(random, [
    `GET ${url} failed`,
    `see <${url}>, then stop`,
    `{"url":${JSON.stringify(url)},"ok":true}`,
    `error at '${url}'. Retrying`,
    `url=${url}`,
    `(${url})`,
  ]);
}

function encode(random: Random, text: string): string {
  return chance(random, 0.1) ? encodeAll(text) : encodeURIComponent(text);
}

function encodeAll(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
