// `npm run demo` runs this: it starts the two services of a small shop with the agent, sends them some requests, and stops them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const preload = new URL('../dist/preload.cjs', import.meta.url);

interface Service {
  url: string;
  child: ChildProcess;
}

/** Starts a program with the agent in front and resolves when it prints where it listens. Its traces go to this terminal. */
async function startService(name: string, file: string, env: Record<string, string> = {}): Promise<Service> {
  const child = spawn(process.execPath, ['--import', preload.href, fileURLToPath(new URL(file, import.meta.url))], {
    env: { ...process.env, ...env, OTEL_SERVICE_NAME: name, TRACING_CONSOLE: 'tree' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return { url, child };
  }
  throw new Error(`${name} ended before it listened`);
}

/** Stops a service as an operator would; the agent sends its last spans before it lets go. */
async function stopService({ child }: Service): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

if (!existsSync(preload)) {
  console.error('The agent is not built yet: npm run build');
  process.exit(1);
}

console.log(
  'Two services of a shop, and not a line of tracing in them (demo/). One block for every request they serve:\n',
);
const services: Service[] = [];
try {
  const inventory = await startService('inventory', 'inventory.mjs');
  services.push(inventory);
  const storefront = await startService('storefront', 'storefront.cjs', { INVENTORY_URL: inventory.url });
  services.push(storefront);

  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/cart'],
    ['POST', '/checkout'],
    ['GET', '/price'],
    ['GET', '/cart?coupon=SPRING'],
    ['GET', '/nowhere'],
  ] as const) {
    const response = await fetch(storefront.url + path, { method });
    await response.text();
    // Time for the blocks of both services to be printed, so that they follow each other as the requests did.
    await delay(150);
  }
} finally {
  await Promise.all(services.map(stopService));
}
console.log(
  '\nThe token of the checkout is nowhere above. Now your own program:\n\n  node --import @tracing/agent app.js\n',
);
