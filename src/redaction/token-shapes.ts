// findShapes walks this table; the pre-filter takes its anchors from it. Sources: gitleaks rules and the vendors' documents.

/** A token that is recognised wherever it stands. `pattern` is sticky and starts with `prefix`; `anchor` is inside every match. */
export interface TokenShape {
  readonly rule: string;
  readonly prefix: string;
  readonly anchor: string;
  readonly pattern: RegExp;
}

/** Quantifiers are bounded below and never nested; the end is found by `longestToken`, in one pass. */
const shape = (rule: string, prefix: string, rest: string, anchor = prefix): TokenShape => ({
  rule: `shape:${rule}`,
  prefix,
  anchor,
  pattern: new RegExp(`${prefix.replace(/[.\\]/g, '\\$&')}${rest}`, 'y'),
});

const many = (rule: string, prefixes: string, rest: string): readonly TokenShape[] =>
  prefixes.split(' ').map((prefix) => shape(rule, prefix, rest));

/** Ends a token of fixed length: what follows must not go on as one. */
const END = '(?![A-Za-z0-9])';

/** More of a base64 token after a `/`, unless that `/` only begins the next, short, path segment. */
const BASE64_TAIL = '=*(?:/[\\w+/]{10,512}=*)?';

/** The known shapes. */
export const TOKEN_SHAPES: readonly TokenShape[] = [
  shape('jwt', 'eyJ', '[\\w-]{5,4096}\\.[\\w-]{0,8192}\\.[\\w.-]{0,16384}'),
  ...many('aws-access-key', 'AKIA ASIA ABIA ACCA', `[A-Z2-7]{16}${END}`),
  ...many('github', 'ghp_ gho_ ghu_ ghs_ ghr_', '[A-Za-z0-9_.-]{30,512}'),
  shape('github', 'github_pat_', '\\w{20,255}'),
  ...many(
    'gitlab',
    'glpat- glrt- gldt- glptt- glft- glcbt- glsoat- glimt- glagent- glwt- glffct- gloas-',
    '[\\w.-]{16,512}',
  ),
  ...many('slack', 'xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xoxc- xoxd- xoxe.', '[A-Za-z0-9%.-]{10,512}'),
  ...many('slack', 'xapp-', '[A-Za-z0-9-]{10,512}'),
  ...many('stripe', 'sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_', '[A-Za-z0-9]{10,256}'),
  shape('webhook-secret', 'whsec_', `[A-Za-z0-9+_-]{16,256}${BASE64_TAIL}`),
  shape('google', 'AIza', '[\\w-]{35,64}'),
  shape('google', 'ya29.', '[\\w.-]{16,2048}'),
  shape('google', 'GOCSPX-', '[\\w-]{16,64}'),
  ...many('openai', 'sk-proj- sk-svcacct- sk-admin- sk-ant- sk-or-', '[\\w-]{16,512}'),
  shape('openai', 'sk-', '[\\w-]{16,128}T3BlbkFJ[\\w-]{10,256}', 'T3BlbkFJ'),
  shape('huggingface', 'hf_', '[A-Za-z0-9]{30,64}'),
  shape('npm', 'npm_', '[A-Za-z0-9]{30,64}'),
  shape('pypi', 'pypi-', '[\\w-]{32,512}'),
  shape('rubygems', 'rubygems_', '[A-Za-z0-9]{32,64}'),
  shape('groq', 'gsk_', '[A-Za-z0-9]{24,128}'),
  shape('perplexity', 'pplx-', '[A-Za-z0-9]{24,128}'),
  shape('xai', 'xai-', '[A-Za-z0-9]{32,128}'),
  shape('replicate', 'r8_', '[A-Za-z0-9]{30,64}'),
  shape('sendgrid', 'SG.', '[\\w-]{16,64}\\.[\\w-]{16,128}'),
  shape('twilio', 'SK', `[0-9a-f]{32}${END}`),
  shape('mailgun', 'key-', `[0-9a-f]{32}${END}`),
  ...many('shopify', 'shpat_ shpca_ shppa_ shpss_', '[0-9a-fA-F]{32}'),
  ...many('digitalocean', 'dop_v1_ doo_v1_ dor_v1_', '[0-9a-f]{64}'),
  shape('databricks', 'dapi', `[0-9a-f]{32}(?:-\\d)?${END}`),
  ...many('vault', 'hvs. hvb.', '[\\w-]{20,512}'),
  ...many('grafana', 'glsa_ glc_', `[\\w+-]{20,512}${BASE64_TAIL}`),
  shape('postman', 'PMAK-', '[0-9a-zA-Z-]{20,128}'),
  ...many('sentry', 'sntrys_ sntryu_', `[\\w+.-]{20,512}${BASE64_TAIL}`),
  shape('linear', 'lin_api_', '[A-Za-z0-9]{20,128}'),
  shape('notion', 'ntn_', '[A-Za-z0-9]{20,128}'),
  ...many('planetscale', 'pscale_tkn_ pscale_pw_ pscale_oauth_', '[\\w.=-]{20,128}'),
  shape('figma', 'figd_', '[\\w-]{20,128}'),
  shape('typeform', 'tfp_', '[\\w.=-]{20,128}'),
  shape('logfire', 'pylf_v', '\\d{1,3}_[A-Za-z0-9_-]{16,256}'),
  shape('cas-ticket', 'ST-', '\\d{1,12}-[\\w.-]{8,256}'),
];
