// Tests of the page share a real Chromium through this; where none is installed they are skipped, and say so.
import { existsSync } from 'node:fs';
import { type Browser, type Page, chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = PATHS.find((path) => existsSync(path));

/** For `test(…, { skip })`: false, or why. */
export const skip: string | false = executablePath === undefined ? `no Chromium at ${PATHS.join(', ')}` : false;

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** A page that collects what goes wrong in it, breaches of its content security policy among it. */
export async function openPage(
  browser: Browser,
  url: string,
): Promise<{ readonly page: Page; readonly troubles: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 850 }, acceptDownloads: true });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    // Answers of 400 are how a query is told to be wrong.
    if (message.type() === 'error' && !message.text().includes('400')) troubles.push(message.text());
  });
  page.on('dialog', (dialog) => {
    troubles.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== new URL(url).origin && !['data:', 'blob:', 'file:'].includes(protocol))
      troubles.push(`request ${request.url()}`);
  });
  await page.goto(url);
  return { page, troubles };
}

/** Only what never comes takes this long, however busy the machine is. */
const TIMEOUT_MILLIS = 30_000;

/** Resolves when an expression is true in the page. Not `page.waitForFunction`: asked a second time it needs eval, which the page's policy refuses. */
export async function waitUntil(page: Page, expression: string): Promise<void> {
  for (const startMillis = Date.now(); !(await page.evaluate<boolean>(expression));) {
    if (Date.now() - startMillis > TIMEOUT_MILLIS) throw new Error(`never true: ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
