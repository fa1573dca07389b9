import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { readRecords } from '../../src/viewer/otlp/read-records.ts';
import { fromSavedPage } from '../../src/viewer/share/saved-page.ts';
import type { Viewer } from '../../src/viewer/start-viewer.ts';
import { openPage, skip, startBrowser, waitUntil } from './browser.ts';
import { type GivenLog, type GivenSpan, ask, hex, startTestViewer, toOtlp } from './spans.ts';

let viewer: Viewer;
let browser: Browser;
/** For all tests that leave nothing behind in the browser; a context for each would take most of the time. */
let shared: Awaited<ReturnType<typeof openPage>>;
const folder = mkdtempSync(join(tmpdir(), 'viewer-page-'));

before(async () => {
  if (skip) return;
  [viewer, browser] = await Promise.all([startTestViewer(), startBrowser()]);
  shared = await openPage(browser, viewer.link);
});
after(async () => {
  await browser?.close();
  viewer?.[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const send = (service: string, spans: readonly GivenSpan[], logs: readonly GivenLog[] = []): number =>
  viewer.add(toOtlp(service, spans, logs));

/** Trace 1: shop calls stock, which runs twelve queries, and price, which fails at the bottom. */
function sendShop(trace = 1): void {
  const secret = 'hunter2-hunter2';
  send(
    'shop',
    [
      {
        trace,
        id: 1,
        name: 'GET /cart/:id',
        kind: 2,
        duration: 100,
        status: 2,
        attributes: { 'http.route': '/cart/:id', 'http.response.status_code': 500 },
      },
      {
        trace,
        id: 2,
        parent: 1,
        name: 'GET stock',
        kind: 3,
        start: 5,
        duration: 30,
        attributes: { 'url.full': `http://stock/?token=${secret}` },
      },
      { trace, id: 3, parent: 1, name: 'GET price', kind: 3, start: 40, duration: 50, status: 2 },
    ],
    [{ trace, span: 3, body: 'price lookup failed', severity: 17 }],
  );
  send('stock', [
    { trace, id: 4, parent: 2, name: 'GET /stock', kind: 2, start: 6, duration: 28 },
    ...Array.from({ length: 12 }, (_, index) => ({
      trace,
      id: 100 + index,
      parent: 4,
      name: 'SELECT stock',
      kind: 3,
      start: 7 + index * 2,
      duration: 1.5,
    })),
  ]);
  send('price', [
    { trace, id: 5, parent: 3, name: 'GET /price', kind: 2, start: 42, duration: 46, status: 2 },
    {
      trace,
      id: 6,
      parent: 5,
      name: 'rates',
      kind: 3,
      start: 50,
      duration: 30,
      status: 2,
      message: 'connect ECONNREFUSED',
      attributes: { 'server.address': 'rates.example', currency: 'EUR' },
      events: [
        {
          name: 'exception',
          attributes: {
            'exception.type': 'TypeError',
            'exception.message': 'fetch failed',
            'exception.stacktrace': 'TypeError: fetch failed\n    at getPrice (/srv/cart.ts:31:18)',
          },
        },
      ],
    },
  ]);
}

async function open(hash = ''): Promise<{ page: Page; troubles: string[] }> {
  const { page, troubles } = shared;
  await page.goto('about:blank');
  troubles.length = 0;
  await page.mouse.move(0, 0);
  await page.goto(viewer.link);
  await page.waitForSelector('header');
  if (hash !== '') await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  return shared;
}

const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts();
const names = (page: Page): Promise<string[]> => texts(page, '.row .name');

suite('the page', { skip }, () => {
  test('shows traces as they come, and stands still while one reads', async () => {
    viewer.add({});
    await ask(viewer, '/api/traces', { method: 'DELETE' });
    const { page, troubles } = await open();
    await page.getByText('Waiting for the first span').waitFor();
    send('shop', [{ trace: 1, id: 1, name: 'GET /first' }]);
    await page.getByText('GET /first').waitFor();
    send('shop', [{ trace: 2, id: 1, name: 'GET /second', start: 10 }]);
    await page.getByText('GET /second').waitFor();
    assert.deepEqual(await names(page), ['GET /second', 'GET /first']);

    await page.hover('.row >> nth=1');
    send(
      'shop',
      [3, 4, 5].map((trace) => ({ trace, id: 1, name: `GET /new${trace}`, start: trace * 10 })),
    );
    await page.getByText('3 new').waitFor();
    assert.deepEqual(await names(page), ['GET /second', 'GET /first']);
    // What is shown goes on being right.
    send('shop', [{ trace: 1, id: 2, parent: 1 }]);
    await page.getByText('2 spans').waitFor();
    await page.keyboard.press('n');
    await page.getByText('GET /new5').waitFor();
    assert.equal((await names(page)).length, 5);
    assert.equal(await page.locator('.new').count(), 0);
    assert.deepEqual(troubles, []);
  });

  test('asks what is typed, points at what is wrong in it, and goes back', async () => {
    await ask(viewer, '/api/traces', { method: 'DELETE' });
    sendShop(1);
    send('shop', [{ trace: 2, id: 1, name: 'GET /fine', kind: 2, duration: 5 }]);
    const { page, troubles } = await open();
    await page.getByText('GET /fine').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('status=eror');
    await page.getByText('status is one of unset, ok, error').waitFor();
    assert.equal(await page.getAttribute('.query input', 'aria-invalid'), 'true');
    await page.keyboard.press('Backspace');
    await page.fill('.query input', 'status=error duration>20ms');
    await page.getByText('1 of 2').waitFor();
    assert.deepEqual(await names(page), ['GET /cart/:id']);
    await page.fill('.query input', 'name=nothing');
    await page.getByText('Nothing matches').waitFor();
    await page.getByText('Show all').click();
    await page.getByText('GET /fine').waitFor();
    assert.equal(await page.inputValue('.query input'), '');
    assert.deepEqual(troubles, []);
  });

  test('dragging over the strip asks for that time', async () => {
    const { page } = await open();
    await page.waitForSelector('.row');
    const box = await page.locator('.strip').boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 300, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + 900, box.y + 40, { steps: 3 });
    await page.mouse.up();
    await page.locator('.chip').waitFor();
    assert.match(page.url(), /from=\d+&until=\d+/);
    await page.locator('.chip').click();
    await page.waitForSelector('.row');
    await page.locator('.strip').focus();
    for (const key of ['ArrowLeft', 'Shift+ArrowRight', 'Enter']) await page.keyboard.press(key);
    await page.locator('.chip').waitFor();
  });

  test('a trace opens at its deepest error, by keyboard alone', async () => {
    const { page, troubles } = await open();
    await page.waitForSelector('.row');
    await page.locator('.list').focus();
    await page.keyboard.press('ArrowDown');
    const rows = await names(page);
    for (let at = 1; at < rows.indexOf('GET /cart/:id'); at++) await page.keyboard.press('ArrowDown');
    if (rows.indexOf('GET /cart/:id') === 0) await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.line.selected');
    assert.deepEqual(await texts(page, '.line.selected .name'), ['rates']);
    assert.match(
      await page.innerText('.details'),
      /connect ECONNREFUSED[\s\S]*TypeError[\s\S]*fetch failed[\s\S]*getPrice/,
    );
    // Twelve queries are one line until they are asked for.
    assert.deepEqual(await texts(page, '.line .name'), [
      'GET /cart/:id',
      'GET stock',
      'GET /stock',
      '12 × SELECT stock',
      'GET price',
      'GET /price',
      'rates',
    ]);
    assert.equal(await page.locator('.line.failed').count(), 4);
    assert.ok((await page.locator('.guide.red').count()) >= 4);
    assert.ok((await page.locator('.critical').count()) > 4);

    await page.locator('.waterfall').focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
    await waitUntil(page, "document.querySelectorAll('.line').length === 19");
    assert.equal(
      await page.getAttribute('.waterfall', 'aria-activedescendant'),
      await page.getAttribute('.line.selected', 'id'),
    );
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await waitUntil(page, "document.querySelectorAll('.line').length === 1");
    assert.deepEqual(await texts(page, '.line .more'), ['+17']);
    // An error that is hidden is shown.
    await page.keyboard.press('e');
    await waitUntil(page, "document.querySelector('.line.selected .name')?.textContent === 'GET price'");
    await page.keyboard.press('f');
    await page.keyboard.type('rates.example');
    await page.keyboard.press('Enter');
    await page.getByText('1 / 1').waitFor();
    assert.deepEqual(await texts(page, '.line.found .name'), ['rates']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('l');
    await page.getByText('price lookup failed').waitFor();
    await page.keyboard.press('l');
    const width = async (): Promise<number> =>
      (await page.locator('.line.selected .bar').first().boundingBox())?.width ?? 0;
    const before = await width();
    await page.keyboard.press('+');
    await waitUntil(
      page,
      `document.querySelector('.line.selected .bar').getBoundingClientRect().width > ${before * 1.5}`,
    );
    await page.keyboard.press('0');
    await page.keyboard.press('Escape');
    await waitUntil(page, "document.querySelector('.waterfall') === null");
    assert.deepEqual(troubles, []);
  });

  test('a click on a value asks for it, and raw OTLP is as it came', async () => {
    const { page, troubles } = await open(`#/traces?trace=${hex(1, 32)}`);
    await page.waitForSelector('.details');
    await page.getByText('Raw OTLP').click();
    await page.waitForSelector('.raw');
    const raw = JSON.parse(await page.innerText('.raw')) as ReturnType<typeof toOtlp>;
    assert.deepEqual(raw.resourceSpans[0]?.scopeSpans[0]?.spans[0]?.status, {
      code: 2,
      message: 'connect ECONNREFUSED',
    });
    await page.getByTitle('Show traces with currency=EUR').click();
    await page.getByText('1 of 2').waitFor();
    assert.equal(await page.inputValue('.query input'), 'currency=EUR');
    await page.goBack();
    await page.waitForSelector('.details');
    assert.deepEqual(troubles, []);
  });

  test('says to screen readers what it shows to eyes', async () => {
    const { page } = await open(`#/traces?trace=${hex(1, 32)}`);
    await page.waitForSelector('.details');
    const trace = await page.locator('.trace').ariaSnapshot();
    assert.match(trace, /treeitem "12 × SELECT stock, stock, 18\.0 ms"/);
    assert.match(trace, /treeitem "rates, price, 30\.0 ms, failed" \[level=4\] \[selected\]/);
    const list = await page.locator('.list').ariaSnapshot();
    assert.match(list, /option "failed, GET \/cart\/:id shop 500 100 ms" \[selected\]/);
    assert.doesNotMatch(list, /option "[✕●]/u);
    assert.equal(await page.title(), 'GET /cart/:id · Traces');
    // Everything that can be pressed can be reached, and is seen to be.
    await page.locator('.waterfall').focus();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid');
  });

  test('what a drag or a click does, keys do', async () => {
    const { page, troubles } = await open(`#/traces?trace=${hex(1, 32)}`);
    await page.waitForSelector('.line.selected');
    await page.locator('.overview').focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('0 to 10.0 ms').waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Shift+ArrowRight');
    await page.getByText('5.00 ms to 20.0 ms').waitFor({ state: 'attached' });
    await page.keyboard.press('0');
    await page.getByText('5.00 ms to 20.0 ms').waitFor({ state: 'detached' });

    const handle = page.getByRole('separator', { name: 'Room for names' });
    const toEdge = async (): Promise<number> => (await page.locator('.line .time').first().boundingBox())?.x ?? 0;
    const [selected, edge] = [await texts(page, '.line.selected .name'), await toEdge()];
    await handle.focus();
    await page.keyboard.press('ArrowRight');
    await waitUntil(page, `document.querySelector('.line .time').getBoundingClientRect().x > ${edge}`);
    assert.equal(await handle.getAttribute('aria-valuenow'), '45');
    assert.deepEqual(await texts(page, '.line.selected .name'), selected);
    await page.keyboard.press('ArrowLeft');
    await waitUntil(page, `document.querySelector('.line .time').getBoundingClientRect().x === ${edge}`);

    await page.keyboard.press('3');
    await page.getByRole('button', { name: 'stock: 13 spans' }).focus();
    await page.keyboard.press('Space');
    await page.getByText('1 of 2').waitFor();
    assert.equal(await page.inputValue('.query input'), 'service=stock');
    await page.goBack();

    await page.keyboard.press('2');
    const row = page.locator('tr', { hasText: 'GET /price' });
    await row.getByRole('listbox', { name: 'Durations' }).focus();
    assert.match(await row.ariaSnapshot(), /option "1: 20\.0 ms to 50\.0 ms" \[selected\]/);
    await page.keyboard.press('ArrowLeft');
    assert.match(await row.ariaSnapshot(), /option "0: 10\.0 ms to 20\.0 ms" \[selected\]/);
    await page.keyboard.press('Enter');
    await page.getByText('1 of 2').waitFor();
    assert.equal(await page.inputValue('.query input'), 'service=price name="GET /price" duration>10ms');
    assert.deepEqual(troubles, []);
  });

  test('a pinned trace says so', async () => {
    const { page } = await open(`#/traces?trace=${hex(1, 32)}`);
    await page.waitForSelector('.details');
    await page.keyboard.press('p');
    await page.getByText('Pinned').waitFor();
    await page.keyboard.press('p');
    await page.locator('.actions').getByText('Pin', { exact: true }).waitFor();
  });

  test('routes and the map show what the spans say', async () => {
    const { page, troubles } = await open();
    await page.keyboard.press('2');
    await page.waitForSelector('tbody tr');
    assert.deepEqual((await texts(page, 'tbody th .name')).toSorted(), [
      'GET /cart/:id',
      'GET /fine',
      'GET /price',
      'GET /stock',
    ]);
    const failing = await page.locator('tr', { hasText: 'GET /price' }).innerText();
    assert.match(failing.replaceAll(/\s+/g, ' '), /price 1 .* 1 · 100% 46\.0 ms 46\.0 ms 46\.0 ms/);
    await page.keyboard.press('3');
    await page.waitForSelector('.node');
    assert.deepEqual((await page.locator('.node text:nth-of-type(1)').allTextContents()).toSorted(), [
      'price',
      'rates.example',
      'shop',
      'stock',
    ]);
    assert.equal(await page.locator('.edge').count(), 3);
    await page.locator('.node', { hasText: 'stock' }).click();
    await page.getByText('1 of 2').waitFor();
    assert.deepEqual(troubles, []);
  });

  test('a saved page opens anywhere, asks nobody, and has no secret in it', async () => {
    const { page, troubles } = await open(`#/traces?trace=${hex(1, 32)}`);
    await page.waitForSelector('.details');
    await page.keyboard.press('s');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByText('Save as a page').click()]);
    const file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    assert.deepEqual(troubles, []);
    const text = readFileSync(file, 'utf8');
    assert.ok(!text.includes('hunter2'));
    assert.equal(readRecords(JSON.parse(fromSavedPage(text) ?? '')).spans.length, 18);

    const saved = await openPage(browser, pathToFileURL(file).href);
    await saved.page.waitForSelector('.line.selected');
    assert.deepEqual(await texts(saved.page, '.line.selected .name'), ['rates']);
    assert.equal(await saved.page.locator('header').count(), 0);
    await saved.page.locator('.line', { hasText: 'GET stock' }).click();
    await saved.page.getByText('http://stock/?token=REDACTED').waitFor();
    await saved.page.getByText('Raw OTLP').click();
    await saved.page.waitForSelector('.raw');
    assert.deepEqual(saved.troubles, []);
    await saved.page.context().close();
  });

  test('is dark where the system is, and as one likes it', async () => {
    const { page } = await openPage(browser, viewer.link);
    await page.waitForSelector('header');
    const [light, dark] = ['rgb(247, 247, 245)', 'rgb(18, 18, 21)'];
    const hasBackground = (color: string | undefined) =>
      waitUntil(page, `getComputedStyle(document.body).backgroundColor === '${color}'`);
    await hasBackground(light);
    await page.emulateMedia({ colorScheme: 'dark' });
    await hasBackground(dark);
    await page.keyboard.press('t');
    await hasBackground(light);
    await page.keyboard.press('t');
    await page.reload();
    await page.waitForSelector('header');
    await hasBackground(dark);
    await page.context().close();
  });

  test('nothing of a span is ever more than text', async () => {
    await ask(viewer, '/api/traces', { method: 'DELETE' });
    const html = '"><img src=x onerror=alert(1)><script>alert(2)</script></script><!--';
    send(
      html,
      [
        {
          id: 1,
          name: html,
          kind: 2,
          status: 2,
          message: html,
          attributes: { [html]: html, 'url.full': 'javascript:alert(3)', huge: 'x'.repeat(1 << 20) },
          events: [{ name: html, attributes: { [html]: html } }],
        },
        // In a circle, and with a parent that never comes.
        { id: 2, parent: 3, name: 'circle', attributes: { __proto__: html } },
        { id: 3, parent: 2, name: 'circle' },
        { id: 4, parent: 77, name: 'orphan' },
      ],
      [
        { span: 1, body: html },
        { span: 1, body: { [html]: [html] } },
      ],
    );
    const { page, troubles } = await open();
    await page.locator('.row').click();
    await page.waitForSelector('.line.selected');
    assert.equal(await page.locator('.line').count(), 4);
    for (const title of ['Resource', 'Raw OTLP']) await page.locator('.details summary', { hasText: title }).click();
    await page.locator('.details').getByText('all 65').click();
    for (const key of ['2', '3', '1']) {
      await page.keyboard.press(key);
      await page.waitForSelector('tbody tr, .node, .list');
    }
    assert.equal(await page.locator('img').count(), 0);
    const answer = await ask(viewer, `/api/traces/${hex(1, 32)}/html`);
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment/);
    assert.equal((await answer.text()).split('</script>').length, 3);
    assert.deepEqual(troubles, []);
  });

  test('a clock that is wrong hides nothing of a trace', async () => {
    const trace = 0x99;
    send('shop', [{ trace, id: 1, name: 'GET /now', kind: 2, duration: 40 }]);
    // Of 1970.
    send('edge', [{ trace, id: 2, parent: 1, name: 'GET /then', kind: 2, start: -1_760_000_000_000, duration: 5 }]);
    const { page, troubles } = await open(`#/traces?trace=${hex(trace, 32)}`);
    await page.waitForSelector('.line.selected');
    const bar = await page.locator('.line', { hasText: 'GET /now' }).locator('.bar').first().boundingBox();
    assert.ok((bar?.width ?? 0) > 200, `${bar?.width}`);
    await page.locator('.line', { hasText: 'GET /then' }).locator('.outside').waitFor();
    assert.deepEqual(troubles, []);
  });

  test('five thousand siblings, and as many records of one span, are opened bit by bit', async () => {
    const trace = 0x98;
    send(
      'shop',
      [
        { trace, id: 1, name: 'GET /many', kind: 2, duration: 9_000 },
        ...Array.from({ length: 5_000 }, (_, index) => ({
          trace,
          id: index + 2,
          parent: 1,
          name: 'SELECT',
          start: index,
          duration: 1,
        })),
      ],
      Array.from({ length: 5_000 }, (_, index) => ({ trace, span: 1, body: `line ${index}` })),
    );
    const { page, troubles } = await open(`#/traces?trace=${hex(trace, 32)}`);
    await page.waitForSelector('.line.selected');
    assert.deepEqual(await texts(page, '.line .name'), ['GET /many', '5000 × SELECT']);
    await page.locator('.line', { hasText: '5000 ×' }).click();
    await waitUntil(page, "document.querySelectorAll('.line').length > 20");
    await page.locator('.waterfall').focus();
    await page.keyboard.press('End');
    await waitUntil(page, "document.querySelector('.line.selected')?.id === 'span-5001'");
    assert.ok((await page.locator('.line').count()) < 80);
    await page.keyboard.press('Home');
    await page.getByText('100 more of 5000').click();
    await waitUntil(page, "document.querySelectorAll('.details .logs li').length === 200");
    assert.deepEqual(troubles, []);
  });

  test('without its token it shows nothing', async () => {
    const { page } = await openPage(browser, viewer.url);
    await page.getByText('This page needs its link').waitFor();
    await page.context().close();
  });
});
