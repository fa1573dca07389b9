// Called by build.ts: src/viewer/page/ -> one HTML file with its script and style inside, and a policy that lets nothing else run.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** What a browser loads before it shows anything. */
const MAX_GZIP_BYTES = 60_000;

/** Writes the page to `file`; returns the paths of all modules in it. */
export async function buildPage(root: string, file: string): Promise<readonly string[]> {
  const folder = join(root, 'src/viewer/page');
  const moduleIds: string[] = [];
  const result = await build({
    root: folder,
    configFile: false,
    logLevel: 'warn',
    base: './',
    build: {
      write: false,
      target: ['chrome111', 'firefox115', 'safari16.4'],
      modulePreload: { polyfill: false },
      assetsInlineLimit: 1_000_000,
      cssCodeSplit: false,
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []));
  let html = '';
  let script = '';
  let style = '';
  for (const output of outputs) {
    if (output.type === 'chunk') {
      // A script element ends at these characters wherever they stand.
      script += output.code.replaceAll('</script', String.raw`<\/script`).trim();
      moduleIds.push(...output.moduleIds);
    } else if (output.fileName.endsWith('.css')) style += String(output.source).trim();
    else if (output.fileName.endsWith('.html')) html = String(output.source);
  }
  const page = html
    .replace(/\s*<script type="module"[^>]*><\/script>/, '')
    .replace(/\s*<link rel="stylesheet"[^>]*>/, '')
    .replace(
      '<head>',
      () => `<head>\n    <meta http-equiv="content-security-policy" content="${toPolicy(script, style)}" />`,
    )
    .replace('</head>', () => `<style>${style}</style>\n  </head>`)
    .replace('</body>', () => `<script type="module">${script}</script>\n  </body>`);
  const size = gzipSync(page).length;
  if (size > MAX_GZIP_BYTES) throw new Error(`the viewer's page has ${size} bytes, more than ${MAX_GZIP_BYTES}`);
  writeFileSync(file, page);
  return moduleIds;
}

/** Its own script and style, by their hashes, and its own viewer; no other address, no inline handler, no eval. */
function toPolicy(script: string, style: string): string {
  const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}
