// more-cases.test.ts runs this table: our own attacks and clean texts, made from the policy without looking at the other file.
import { createRandom, fakeSecret, pick } from './random.ts';

/** One text, what must not be left of it, and what must. */
export interface Case {
  readonly kind: 'client' | 'server' | 'string';
  readonly input: string;
  readonly secrets: readonly string[];
  readonly keep: readonly string[];
}

const random = createRandom(20261122);
const S = Array.from({ length: 12 }, () => fakeSecret(random, 22));
const [A = '', B = '', C = ''] = S;
const HEX = '0123456789abcdef';
const WORD = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';
const hex = (length: number): string => pick(random, HEX, length);
const word = (length: number): string => pick(random, WORD, length);
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const b64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const JWT = `${b64url({ alg: 'ES256', typ: 'JWT' })}.${b64url({ sub: 'u-81', iat: 17000 })}.${word(43)}`;
const JWE = `${b64url({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.${word(60)}.${word(16)}.${word(80)}.${word(22)}`;
const UNSIGNED = `${b64url({ alg: 'none' })}.${b64url({ sub: 'u-82', admin: true })}.`;
const each = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
const times = (text: string, count: number): string =>
  count === 0 ? text : times(encodeURIComponent(text), count - 1);
const fullwidth = (text: string): string =>
  [...text].map((c) => String.fromCodePoint((c.codePointAt(0) ?? 0) + 0xfee0)).join('');

const attack = (kind: Case['kind'], input: string, secrets: readonly string[], ...keep: string[]): Case => ({
  kind,
  input,
  secrets,
  keep,
});
const clean = (kind: Case['kind'], input: string): Case => ({ kind, input, secrets: [], keep: [] });

/** Names that must hide their value wherever they stand. */
const NAMES =
  `password passwd pwd pw passphrase passcode client_secret id_token refreshToken X-Auth-Token apikey app_key
  db_credentials jws bearer hmac sas_url_sig XSRF-TOKEN totp auth authkey cookie sessid JSESSIONID client_assertion
  oauth_verifier hdnts UserName user_pass account-key masterKey encryption.key signing_key license-key deploy_key hostKey
  x-functions-key SAMLart AWSAccessKeyId GoogleAccessId X-Goog-Signature code_verifier device_code sslpassword myauthtoken
  DB_PASSWORD2 auth[user] credentials.region`.split(/\s+/);

/** Keeps the pieces of a fake token apart in the source, where secret scanners look. */
const part = (text: string): string => text;

const SHAPES = [
  `AKI${part('A')}${pick(random, BASE32, 16)}`,
  `gh${part('s')}_${word(36)}`,
  `gho${part('_')}${word(36)}`,
  `glrt${part('-')}${word(20)}`,
  `xoxp${part('-')}${pick(random, '0123456789', 12)}-${word(24)}`,
  `xapp${part('-')}1-A${word(9)}-${word(30)}`,
  `sk${part('_live_')}${word(28)}`,
  `whsec${part('_')}${word(32)}`,
  `AI${part('za')}${word(35)}`,
  `ya29${part('.')}${word(60)}`,
  `GOC${part('SPX-')}${word(28)}`,
  `sk-${part('svcacct-')}${word(40)}`,
  `sk-${word(20)}T3Blbk${part('FJ')}${word(20)}`,
  `hf${part('_')}${word(34)}`,
  `pypi${part('-')}${word(60)}`,
  `gsk${part('_')}${word(52)}`,
  `r8${part('_')}${word(37)}`,
  `SG${part('.')}${word(22)}.${word(43)}`,
  `SK${hex(32)}`,
  `key${part('-')}${hex(32)}`,
  `shpca${part('_')}${hex(32)}`,
  `dop${part('_v1_')}${hex(64)}`,
  `dapi${hex(32)}`,
  `hvs${part('.')}${word(90)}`,
  `glsa${part('_')}${word(32)}_${hex(8)}`,
  `PMAK${part('-')}${hex(24)}-${hex(34)}`,
  `lin${part('_api_')}${word(40)}`,
  `pylf${part('_v2_eu_')}${word(43)}`,
  `ST${part('-')}771-${word(24)}-cas2`,
];

export const ATTACKS: readonly Case[] = [
  ...NAMES.map((name, at) =>
    attack('server', `/v/x?page=3&${name}=${S[at % 12]}&zoom=4`, [S[at % 12] ?? ''], '/v/x', 'page=3', 'zoom=4'),
  ),
  ...SHAPES.flatMap((token, at) => [
    attack('server', `/p?ref=${token}&n=${at}`, [token], `n=${at}`),
    attack('string', `could not use ${token} today`, [token], 'could not use', 'today'),
    attack('client', `https://h.example/x/${token}/y?n=1`, [token], '/y', 'n=1'),
  ]),
  ...[JWT, JWE, UNSIGNED].map((token) =>
    attack('server', `/x?blob=${token}&n=3`, [token.slice(0, token.lastIndexOf('.'))], 'n=3'),
  ),
  // The name in disguise.
  attack('server', `/p?${each('passwd')}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?${times(each('secret'), 2)}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?${each(each('jwt'))}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?tok%65n=${A}%26${B}&page=1`, [A, B], 'page=1'),
  attack('server', `/p?%61pi+key=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?API%20Key=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?client%2Dsecret=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?${encodeURIComponent(fullwidth('password'))}=${A}&page=1`, [A], 'page=1'),
  attack('string', `/p?${fullwidth('apikey')}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?${encodeURIComponent('sеcrеt')}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?${encodeURIComponent('tοκen')}=${A}&page=1`, [A], 'page=1'),
  attack(
    'server',
    `/p?${encodeURIComponent('\u{1d42d}\u{1d428}\u{1d424}\u{1d41e}\u{1d427}')}=${A}&page=1`,
    [A],
    'page=1',
  ),
  attack('server', `/p?${encodeURIComponent('to\u212aen')}=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?pass%E2%80%8Dword=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?%EF%BB%BFtoken=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?sec%0Aret=${A}&page=1`, [A], 'page=1'),
  attack('client', `https://h.example/p?pass\nword=${A}&page=1`, [A], 'page=1'),
  attack('client', `https://us\ner:${A}@h.example/p?page=1`, [A], 'h.example', 'page=1'),
  attack('client', `ht\ttps://svc:${A}@h.example/p?page=1`, [A], 'page=1'),
  attack('server', `/p?PaSsWoRd=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?a[b][secret][]=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?login.credentials.value=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?user__password=${A}&page=1`, [A], 'page=1'),
  // Separators.
  attack('server', `/p?page=1;sig=${A};zoom=2`, [A], 'page=1', 'zoom=2'),
  attack('server', `/p?token=${A};${B}&page=1`, [A, B], 'page=1'),
  attack('server', `/p?token=${A}?${B}&page=1`, [A, B], 'page=1'),
  attack('server', `/p?token=${A}/${B}&page=1`, [A, B], 'page=1'),
  attack('server', `/p?x=1&&;&token=${A}`, [A], 'x=1'),
  attack('server', `/p?===&pwd===${A}&page=1`, [A], 'page=1'),
  attack('server', `/p&secret=${A}&page=1`, [A], 'page=1'),
  attack('server', `/a/pwd=${A}/b?page=1`, [A], '/a', '/b', 'page=1'),
  attack('server', `/a;sid=${A}/b;v=1?page=1`, [A], '/b', 'v=1', 'page=1'),
  attack('server', `/x%3Fpassword%3D${A}%26page%3D1`, [A], '/x', 'page'),
  attack('server', `token=${A}&page=1`, [A], 'page=1'),
  attack('server', `?token=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?token=%${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?token=${each(A)}&page=1`, [A], 'page=1'),
  attack('server', `/p?q=%C3%28%zz&token=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?password=two words ${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?password=a"b'c${A}&page=1`, [A], 'page=1'),
  // Weak names with opaque values.
  ...['key', 'state', 'ticket', 'nonce', 'hash', 'sign', 'mac', 'h', 's', 't', 'k', 'p', 'st', 'tk'].map((name) =>
    attack('server', `/w?${name}=${A}&page=1`, [A], `${name}=`, 'page=1'),
  ),
  attack('server', `/cb?code=a7x9&state=${A}&scope=openid`, [A], 'scope=openid'),
  attack('server', `/cb?iss=https%3A%2F%2Fidp.example&code=${A}`, [A], 'idp.example'),
  // Metadata names with token-like values.
  attack('server', `/p?token_count=${A}&page=1`, [A], 'page=1'),
  attack('server', `/p?max_tokens=${A}&page=1`, [A], 'page=1'),
  // Userinfo.
  attack('client', `https://${A}@h.example/x`, [A], 'h.example', '/x'),
  attack('client', `https://a:${A}@${B}@${C}@h.example/x?y=1`, [A, B, C], 'h.example', 'y=1'),
  attack('client', `https://a:${A}?${B}@h.example/x`, [A, B], 'h.example'),
  attack('client', `https://a:${A}#${B}@h.example/x`, [A, B], 'h.example'),
  attack('client', `https://a:99999${A}@h.example:8443/x`, [A], 'h.example:8443'),
  attack('client', `https:/a:${A}@h.example/x`, [A], 'h.example'),
  attack('client', `https:////a:${A}@h.example/x`, [A], 'h.example'),
  attack('client', `\u0001 https://a:${A}@h.example/x`, [A], 'h.example'),
  attack('client', `http://a:${A}@[fe80::1%25en0]:8080/x`, [A], 'fe80::1', '8080'),
  attack('client', `ftp://a:${A}@h.example/x`, [A], 'h.example'),
  attack('server', `//a:${A}@h.example/x?page=1`, [A], 'h.example', 'page=1'),
  attack('server', `a:${A}@h.example:8443`, [A], 'h.example:8443'),
  attack('string', `jdbc:mysql://root:${A}@db.example:3306/shop?useSSL=true`, [A], 'db.example:3306', 'useSSL=true'),
  // `user` before an address is a label in a text; in an authority it is the commonest name of a user.
  attack('server', `user:${A}@db.example:443`, [A], 'db.example:443'),
  attack('server', `mail:${A}@db.example`, [A], 'db.example'),
  attack('string', `connect to user:${A}@db.example:443 failed`, [A], 'db.example:443 failed'),
  attack('string', `Host: admin\nuser:${A}@[2001:db8::7]:8443`, [A], '[2001:db8::7]:8443'),
  clean('string', 'user:jane@shop.example asked for=it, cc from:joe@shop.example'),
  attack('string', `amqps://u:${A}@mq.example:5671/vhost`, [A], 'mq.example:5671', '/vhost'),
  attack('string', `mongodb+srv://u:${A}@c0.example/db?retryWrites=true&w=majority`, [A], 'c0.example', 'w=majority'),
  attack('string', `clone ssh://bob:${A}@git.example:22/r.git failed`, [A], 'git.example', 'failed'),
  attack('string', `dial app:${A}@tcp(db.example:3306)/main failed`, [A], 'db.example:3306', 'failed'),
  attack('string', `proxy px:${A}@10.0.0.2:3128 refused`, [A], '10.0.0.2:3128', 'refused'),
  attack('server', `/img?src=%2F%2Fa%3A${A}%40h.example%2Fx&page=1`, [A], 'h.example', 'page=1'),
  // Paths.
  ...[
    'reset',
    'password-reset',
    'set_password',
    'verify',
    'confirm',
    'activate',
    'invitations',
    'magic-link',
    'unsubscribe',
    'tokens',
    'keys',
    'webhooks',
    'hook',
    'sessions',
  ].map((marker) => attack('server', `/app/${marker}/${A}/done?page=1`, [A], '/app', marker, '/done', 'page=1')),
  attack('server', `/invite/acme/${A}`, [A], '/invite/acme'),
  attack('server', `/Reset-Password//${A}`, [A]),
  attack('client', `https://spa.example/#/magic-link/${A}?page=1`, [A], 'page=1'),
  attack('server', `/go?next=%2Fverify%2F${A}&page=1`, [A], 'page=1'),
  attack('client', `https://hooks.slack.com/workflows/T01AB/A02CD/44012/${A}`, [A], 'hooks.slack.com'),
  attack(
    'client',
    `https://discord.com/api/v10/webhooks/1122334455667788990/${word(34)}-${A}?wait=true`,
    [A],
    'discord.com',
    'wait=true',
  ),
  attack(
    'client',
    `https://acme.webhook.office.com/webhookb2/${hex(8)}-aaaa-bbbb-cccc-${hex(12)}@x/IncomingWebhook/${A}/${B}`,
    [A, B],
    'webhook.office.com',
  ),
  attack('client', `https://hooks.zapier.com/hooks/catch/12345/${A}/`, [A], 'hooks.zapier.com'),
  attack('client', `https://maker.ifttt.com/trigger/door/with/key/${A}`, [A], 'maker.ifttt.com', 'door'),
  attack(
    'client',
    `https://api.telegram.org/file/bot991122334:${A}/docs/f.pdf`,
    [A],
    'api.telegram.org',
    '/docs/f.pdf',
  ),
  attack('server', `/(S(${A}))/home.aspx`, [A], '/home.aspx'),
  // Nesting.
  ...[1, 2, 3, 4, 5, 6, 8].map((depth) =>
    attack('server', `/r?u=${times(`https://h.example/?token=${A}`, depth)}&page=1`, [A], '/r', 'page=1'),
  ),
  attack(
    'server',
    `/r?q=${encodeURIComponent(JSON.stringify({ a: { secret: { x: A, y: [B] } }, page: 1 }))}&z=1`,
    [A, B],
    'page',
    'z=1',
  ),
  attack(
    'server',
    `/r?q=${encodeURIComponent(JSON.stringify({ a: JSON.stringify({ password: A, n: 1 }) }))}&z=1`,
    [A],
    'z=1',
  ),
  attack('server', `/r?q={"pass\\u0077ord":"${A}"}&z=1`, [A], 'z=1'),
  attack('server', `/r?q={"token":"${A}&z=1`, [A], 'z=1'),
  attack('server', `/r?q=%5B%22--api-key%22%2C%22${A}%22%5D&z=1`, [A], 'z=1'),
  attack('client', `https://g.example/graphql?query=%7Blogin(pin:1,password:%22${A}%22)%7Bid%7D%7D&z=1`, [A], 'z=1'),
  attack('server', `/fetch/https://b.example/k.png?sig=${A}&w=1`, [A], 'w=1'),
  attack('server', `/p?x=1#sid=${A}&n=2`, [A], 'n=2'),
  // Text.
  attack('string', `{"url":"/x?token=${A}\\u0026page=2"}`, [A], 'page=2'),
  attack('string', `<a href="/x?sig=${A}&amp;page=2">`, [A], 'page=2'),
  attack(
    'string',
    `headers: { Authorization: 'Bearer ${A}', 'x-api-key': '${B}', accept: '*/*' }`,
    [A, B],
    "accept: '*/*'",
  ),
  attack('string', `Authorization: Bearer ${A}`, [A], 'Authorization'),
  attack(
    'string',
    `GET / HTTP/1.1\r\nHost: h.example\r\nCookie: a=${A}; b=${B}\r\nAccept: text/html`,
    [A, B],
    'h.example',
    'Accept: text/html',
  ),
  attack(
    'string',
    `Proxy-Authorization: Basic ${Buffer.from(`u:${A}`).toString('base64')}`,
    [A],
    'Proxy-Authorization',
  ),
  attack('string', `["Host","h.example","Authorization","Bearer ${A}","Accept","*/*"]`, [A], 'h.example', 'Accept'),
  attack('string', `curl -u admin:${A} https://h.example/x`, [A], 'h.example/x'),
  attack('string', `no session for code=${A} any more`, [A], 'no session for', 'any more'),
  attack('string', `-u admin:${A} https://h.example/x`, [A], 'h.example/x'),
  attack('string', `curl,https://h.example/x,-u,admin:${A}`, [A], 'h.example/x'),
  attack('string', `curl -H "X-Api-Key: ${A}" https://h.example/x`, [A], 'h.example/x'),
  attack('string', `node a.js --client-secret "${A}" --port 80`, [A], '--port 80'),
  attack('string', `node a.js --password='${A}' --port 80`, [A], '--port 80'),
  attack('string', `["node","a.js","--secret","${A}","--port","80"]`, [A], '"80"'),
  attack('string', `[ 'node', '--auth-token', '${A}', '--port', '80' ]`, [A], "'80'"),
  attack(
    'string',
    `Endpoint=sb://n.example/;SharedAccessKeyName=Root;SharedAccessKey=${A}/${B}=;EntityPath=q`,
    [A, B],
    'n.example',
    'EntityPath=q',
  ),
  attack(
    'string',
    `Data Source=h.example;User ID=app;Password="${A};x";Pooling=true`,
    [A],
    'h.example',
    'Pooling=true',
  ),
  attack('string', `host=db.example user=app password=${A} dbname=x`, [A], 'db.example', 'dbname=x'),
  attack('string', `env PGPASSWORD=${A} PGHOST=db.example`, [A], 'PGHOST=db.example'),
  attack('string', `{ user: { name: 'x', session: { id: '${A}' } }, page: 1 }`, [A], 'page: 1'),
  attack('string', `{"password":"ab\\"${A}","page":1}`, [A], '"page":1'),
  attack('string', `"{\\"token\\":\\"${A}\\",\\"page\\":1}"`, [A], 'page'),
  attack('string', `Set-Cookie: connect.sid=${A}; Path=/; HttpOnly`, [A]),
  attack('string', `-----BEGIN EC PRIVATE KEY-----\n${A}\n${B}\n-----END EC PRIVATE KEY-----\nnext`, [A, B], 'next'),
  attack('string', `request to http://h.example/x?access_token=${A} timed out`, [A], 'h.example/x', 'timed out'),
  attack('string', `redis://default:${A}@r.example:6379/0 is down`, [A], 'r.example:6379', 'is down'),
  attack('string', `SharedAccessSignature sr=h.example&sig=${A}&se=17000&skn=root`, [A], 'se=17000'),
  attack('string', `\ud83d token=${A} \udc00`, [A]),
  attack('server', `/p?a=${'x=1&'.repeat(9000)}token=${A}`, [A], '/p'),
  // Elements.
  attack('string', `<Password><![CDATA[${A}]]></Password><Id>7</Id>`, [A], '<Id>7</Id>', '</Password>'),
  attack('string', `<wsse:Password Type="text">\n <![CDATA[${A}]]><![CDATA[>${B}]]>${C} </wsse:Password>`, [A, B, C]),
  attack('string', `<token><![CDATA[${A}`, [A], '<token>'),
  attack('server', `/x?q=${encodeURIComponent(`<secret><![CDATA[${A}]]></secret>`)}&z=1`, [A], 'z=1'),
  attack('string', `<secret lang="en">${A}</secret><a>b</a>`, [A], '<a>b</a>'),
  attack('string', `<entry key="db.password">${A}</entry><entry key="page">7</entry>`, [A], 'key="page">7<'),
  attack('string', `<name>db.password</name>\n  <value>${A}</value><name>n</name><value>7</value>`, [A], '<value>7'),
  attack('string', `<key>AuthToken</key><string>${A}</string><key>Page</key><string>7</string>`, [A], '<string>7'),
  // A name in one member, its value in another.
  attack('string', `{"name":"password","value":"${A}"}`, [A], '"name":"password"'),
  attack('string', `{"value":"${A}","name":"password"}`, [A], '"name":"password"'),
  attack('string', `{ "key" : "api_key" , "value" : "${A}" }`, [A], '"api_key"'),
  attack(
    'string',
    `{"name":"sid","path":"/","secure":true,"tags":["a","}"],"value":"${A}","n":7}`,
    [A],
    '"path":"/"',
    '7',
  ),
  attack('string', `{"value":"${A}","opts":{"name":"x"},"name":"client_secret"}`, [A], '"opts":{"name":"x"}'),
  attack('string', `[{"name":"page","value":"7"},{"name":"DB_PASSWORD","value":"ab\\"${A}"}]`, [A], '"value":"7"'),
  attack('string', `{"ParameterKey":"DbPassword","ParameterValue":"${A}"}`, [A], 'DbPassword'),
  attack('string', `{"key":"user.token","value":{"stringValue":"${A}"}}`, [A], 'user.token'),
  attack('string', `{ name: 'password', value: '${A}' }`, [A], "name: 'password'"),
  attack('string', JSON.stringify({ body: JSON.stringify({ name: 'password', value: `x"${A}` }), n: 7 }), [A], '"n":7'),
  attack('string', `{"name":"Authorization","value":"Bearer ${A}"},{"name":"Accept","value":"*/*"}`, [A], '*/*'),
  attack('server', `/x?q=${encodeURIComponent(`{"name":"password","value":"${A}"}`)}&z=1`, [A], 'z=1'),
  attack('string', `<add key="password" value="${A}"/><add key="page" value="7"/>`, [A], 'key="page" value="7"'),
  attack('string', `<input value='${A}>${B}' required type="password" name='pwd'>`, [A, B], "name='pwd'"),
  attack('string', `&lt;add key="password" value="${A}"/&gt;`, [A]),
  // Comparisons, and what only looks like one.
  attack('string', `if (password === 'hunter2') return`, ['hunter2'], '===', 'return'),
  attack('string', `signature == ${A} failed`, [A], 'failed'),
  attack('string', `GET /x?token==${A}&page=1`, [A], 'page=1'),
  attack('string', `Array ( [password] => hunter2 [page] => 7 )`, ['hunter2'], '[page] => 7'),
  attack('string', `{:password=>"hunter2", "token"=>"abc", :page=>7}`, ['hunter2', 'abc'], ':page=>7'),
  attack('string', `password => 'hunter2', page => 7`, ['hunter2'], 'page => 7'),
  attack('server', `/p?pwd==hunter2&page=1`, ['hunter2'], 'page=1'),
  // Words that are values.
  ...['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'db_password'].flatMap((name) => [
    attack('string', `${name}: correcthorse`, ['correcthorse'], name),
    attack('string', `user: bob, ${name}: correcthorse`, ['correcthorse'], 'user: bob'),
  ]),
  attack('string', `Cookie: sid=abc`, ['sid=abc']),
  attack('string', `cookie: theme; sid=${A}`, [A]),
  attack('string', `Authorization: Basic dTpw`, ['dTpw']),
  attack('string', `password: hunter2`, ['hunter2']),
  attack('string', `token: hunter2`, ['hunter2']),
  attack('string', `token: "expired"`, ['expired']),
  attack('string', `token: qwrtzpsdf`, ['qwrtzpsdf']),
  attack('string', `X-Auth-Token: swordfish`, ['swordfish']),
  attack('string', `client_secret: swordfish`, ['swordfish']),
  attack('string', `db:\n  secret: swordfish\n  host: h`, ['swordfish'], 'host: h'),
  attack('string', `{ secret: swordfish }`, ['swordfish']),
  // Codes with pieces that look like units.
  attack('server', `/w?key=123ab-456cd-789ef-12gh&page=1`, ['123ab-456cd-789ef-12gh'], 'page=1'),
  attack('server', `/w?key=12ab-3456-78cd&page=1`, ['12ab-3456-78cd'], 'page=1'),
];

export const CLEAN: readonly Case[] = [
  ...`/products/desk-lamp-2024?color=blue&size=xl|/users/81234/orders?page=3&per_page=50|/v2.14.0/docs/install
  /orders/01HV3Z6K8R9QJ4N2M7T5W1X0YB|/blobs/sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
  /tiles/14/8523/5467.png?style=topo|/search?q=token+ring+network&lang=en-GB|/search?q=secret%20santa%20ideas
  /items?cursor=eyJvZmZzZXQiOjQwLCJzb3J0IjoiYXNjIn0%3D&limit=20|/items?after=Y3Vyc29yOnYyOpHOAA&first=10
  /calendar?from=2024-01-01T00:00:00Z&to=2024-02-01|/hotkeys?monkey=ape&donkey=1|/keyboard/layouts?keymap=qwerty
  /assets/app.8f3d2c1b.js|/assets/vendor-DZ4kQ1aB.css|/authors/tolstoy?author_id=5|/design/system?assign=me
  /llm/usage?prompt_tokens=55&completion_tokens=21&total_tokens=76|/llm?max_output_tokens=1024&token_limit=4096
  /oauth?token_type=bearer&expires_in=3600&scope=openid|/settings?password_min_length=12&session_timeout=900
  /docs/api-keys/overview|/docs/webhooks/getting-started|/reset-password/help|/docs/tokens/what-are-tokens
  /blog/how-to-verify/your-email-address-quickly|/invite/friends|/keys/public.pem|/hooks/use-effect-callback
  /i18n?key=checkout.button.label&locale=nb-NO|/geo?state=CA&code=US|/errors?code=404|/map?center=59.91,10.75&zoom=12
  /cars;color=red;year=2020/wheels;size=17|/list?ids[]=1&ids[]=2&filter[status]=open|/sort?key=price&order=asc
  /commit/9fceb02d0ae598e95dc970b74767f19372d61af8?diff=split|/trace/4bf92f3577b34da6a3ce929d0e0e4736
  /@scope/pkg/-/pkg-1.2.3.tgz|/npm/@types/node@24.1.0/index.d.ts|/users/@me?fields=id,name
  /download?file=report%202024.pdf&inline=1|/caf%C3%A9/men%C3%BC?tag=na%C3%AFve|/sale?discount=50%25|/x?note=100%
  /graphql?query=%7Buser(id:5)%7Bname%7D%7D&operationName=GetUser|/health|/|*|/a//b/../c|/p?flag&other|/p?=x&y=
  /go?url=https%3A%2F%2Fh.example%2Fa%3Fpage%3D2%26sort%3Dname|/compass?passenger=2&bypass=no&passage=12
  /videos/dQw4w9WgXcQ?t=42s|/p?s=running+shoes&p=2|/x?h=600&w=800&k=5|/cookies-policy?accepted=yes
  /secretary/contact?department=hr|/tokenizer/playground?model=gpt-4o|/passport/renewal?step=2|/signup?ref=newsletter
  /orders/3f2b8c1e-6a4d-4f0b-9c2a-7d1e5b8a9c30/lines|/etag?v=W%2F%22a1b2c3d4e5f6%22|/x?client_id=web-42&app_id=7
  /x?email=bob%40h.example&login=bob&user=bob|/sha?sha=9fceb02d0ae598e95dc970b74767f19372d61af8
  /x?trace_id=0af7651916cd43dd8448eb211c80319c&span_id=b7ad6b7169203331|/ui?sidebar=left&side=2&inside=yes
  /x?password=&token=&next=home|/x?token=REDACTED&sig=*****&page=7|/m?has_password=true&use_cookies=1`
    .split(/[|\n]/)
    .map((line) => clean('server', line.trim())),
  clean('client', 'https://n2.example/@alice/posts?mail=bob@h.example'),
  clean('client', 'https://h.example:8443/a/b;v=2?page=1#section-2'),
  clean('client', 'http://[2001:db8::7]:8080/x?y=1'),
  clean('client', 'https://h.example/wiki/Token_(railway_signalling)#History'),
  clean('server', 'db.h.example:443'),
  clean('string', 'GET /v1/items 200 12ms'),
  clean('string', 'connect ECONNREFUSED 127.0.0.1:5432'),
  clean('string', 'getaddrinfo ENOTFOUND auth.h.example'),
  clean('string', 'connect ETIMEDOUT auth:8080'),
  clean('string', '    at Session.open (/srv/app/auth/token.js:12:3)'),
  clean('string', '    at async Promise.all (index 0)\n    at node:internal/process/task_queues:95:5'),
  clean('string', 'SyntaxError: Unexpected token: }'),
  clean('string', 'invalid token: signature has expired'),
  clean('string', 'SELECT id, password_hash, token_count FROM users WHERE email = $1 AND state = $2'),
  clean('string', 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'),
  clean('string', 'mail from:bob@h.example was sent to:amy@h.example'),
  clean('string', 'docker run -u 1000:1000 --name web -p 80:80 nginx:1.27'),
  clean('string', 'npm install react@19.0.0 npm:foo@1.0.0'),
  clean('string', 'git@github.com:acme/app.git'),
  clean('string', 'Bearer authentication is required'),
  clean('string', 'query($id: ID!, $token: String!) { user(id: $id, token: $token) { name } }'),
  clean('string', '{"level":30,"msg":"request completed","ms":12,"status":200,"ok":true}'),
  clean('string', "{ code: 'ERR_BAD_REQUEST', status: 404, state: 'open' }"),
  clean('string', 'tokens: 55, cost: 0.002'),
  clean('string', 'C:\\Users\\bob\\tokens\\new.txt'),
  clean('string', 'The session was closed after 900 seconds; the key was not found.'),
  clean('string', 'v1.2.3-beta.4+build.567'),
  ...`if (token === undefined) throw|if (token == null) return;|while (session != other.session) {|a = token=>token.trim()
  if(token===undefined)throw|if (password !== confirm) {|const f = token => use(token)|sessions.map(session => session.id)
  typeof secret === "string"|if (auth === 'basic') {|token_count === 5|if (signature!=expected) fail()|if (a >= b && token == c)
  Token: expired|secret: not found|cookie: the best recipe|session: closed by peer, retrying|auth: failed.
  {"msg":"Token: expired","n":1}|credentials: none given|signature: mismatch (sha)`
    .split(/[|\n]/)
    .map((line) => clean('string', line.trim())),
  ...`/w?k=iphone-15-pro-max-256gb|/w?k=camera-lens-50mm|/w?k=monitor-27in-4k-144hz|/w?key=batteries_aa_10pk
  /w?s=laptop+16GB+512gb|/w?k=release-notes-v2`
    .split(/[|\n]/)
    .map((line) => clean('server', line.trim())),
  clean('string', '{"name":"page","value":"7"},{"key":"color","value":"blue"},{"name":"token_count","value":"5"}'),
  clean('string', '{"name":"password","type":"string"},{"name":"x","value":"y"}'),
  clean('string', '{"value":"y","name":"x"},{"name":"password"}'),
  clean('string', '<add key="page" value="7"/><input name="password"><input name="q" value="7">'),
  clean('string', '<a><![CDATA[x]]></a><entry key="page">7</entry><password></password><token/><b>7</b>'),
  clean('string', ''),
];
