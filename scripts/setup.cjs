// First step of every npm script that people type on a fresh clone: installs what is missing. Plain CommonJS, for any Node that npm runs on.
'use strict';
const { existsSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const { join } = require('node:path');

const root = join(__dirname, '..');
const installed = ['node/bin/node', 'typescript', 'rolldown', '@opentelemetry/api'].every((name) =>
  existsSync(join(root, 'node_modules', name)),
);
if (!installed) {
  // Not `npm ci`: it refuses a lock file in which a platform's optional binary, not published for every version, is missing.
  const { status } = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status === null ? 1 : status);
}
