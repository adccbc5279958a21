// Loads examples/site in a headless Chromium through `periplus serve`, and holds what arrives against the disk, the
// journeys against their sums, and a drawn journey against the browser's own rendering.
// usage: node browser.mjs PERIPLUS WORK, where WORK holds node_modules/playwright-core
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [periplus, work] = process.argv.slice(2).map((path) => resolve(path));
const { chromium } = createRequire(join(work, 'browser.cjs'))('playwright-core');
const site = resolve('examples/site');
const journeys = join(work, 'journeys.jsonl');
const told = (what) => console.log(`ok  ${what}`);

// The command, with what it says on stderr. The address is in the first line that has one.
const server = spawn(periplus, ['serve', site, '--listen', '127.0.0.1:0', '--journeys', journeys], {
  stdio: ['ignore', 'inherit', 'pipe'],
});
const ended = once(server, 'exit');
process.on('exit', () => server.kill('SIGKILL'));
let talk = '';
const address = await new Promise((found, failed) => {
  createInterface({ input: server.stderr }).on('line', (line) => {
    talk += `${line}\n`;
    const url = line.match(/http:\/\/\S+/);
    if (url) found(url[0]);
  });
  ended.then(([code]) => failed(new Error(`the server ended with ${code}:\n${talk}`)));
});

const browser = await chromium.launchPersistentContext(join(work, 'profile'), {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});

// The site.
const page = await browser.newPage();
const faults = [];
const bodies = new Map();
page.on('requestfailed', (request) => faults.push(`${request.url()}: ${request.failure()?.errorText}`));
page.on('pageerror', (error) => faults.push(String(error)));
page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
page.on('response', (response) => {
  if (response.status() !== 200) faults.push(`${response.url()}: ${response.status()}`);
  bodies.set(new URL(response.url()).pathname, response.body());
});
await page.goto(address, { waitUntil: 'networkidle' });
assert.deepEqual(faults, [], 'no request and no script failed');

const files = readdirSync(site);
for (const file of files) {
  const path = file === 'index.html' ? '/' : `/${file}`;
  assert.ok(bodies.has(path), `${path} was asked for`);
  const [arrived, kept] = [await bodies.get(path), readFileSync(join(site, file))];
  assert.ok(arrived.equals(kept), `${path} arrived as it is on disk`);
  told(`${path}: ${kept.length} bytes, as on disk`);
}
const seen = await page.evaluate(() => ({
  pictures: [...document.images].map((image) => [new URL(image.src).pathname, image.complete, image.naturalWidth]),
  styled: getComputedStyle(document.querySelector('header')).display,
  logged: Number(document.documentElement.dataset.log),
}));
for (const [path, complete, width] of seen.pictures) {
  assert.ok(complete && width > 0, `${path} was decoded`);
  told(`${path}: decoded, ${width} wide`);
}
assert.equal(seen.pictures.length, 2);
assert.equal(seen.styled, 'flex', 'the style sheet applies');
assert.ok(seen.logged >= files.length, 'the script ran');
told(`the style sheet applies; the script ran and saw ${seen.logged} requests`);
await page.close();

// The end of it.
server.kill('SIGTERM');
assert.deepEqual(await ended, [0, null], `SIGTERM drains and ends with 0:\n${talk}`);
assert.match(talk, /GET \/ HTTP\/1\.1/, 'the first journey is on the terminal');
told('SIGTERM: drained, exit 0');

// The journeys.
const records = readFileSync(journeys, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
for (const record of records) {
  const sum = record.spine.reduce((sum, { ns }) => sum + ns, 0);
  assert.equal(sum, record.total_ns, `the spine of journey ${record.id} sums to total_ns`);
}
const requests = records.filter(({ kind }) => kind === 'request');
const asked = new Set(requests.map(({ request }) => request));
for (const path of bodies.keys()) {
  assert.ok(asked.has(`GET ${path} HTTP/1.1`), `the request for ${path} has a journey`);
}
const server_us = requests.map(({ server_ns }) => server_ns / 1000).sort((a, b) => a - b);
told(`${records.length} journeys, each spine sums to total_ns; ${requests.length} of requests, ` +
  `server median ${server_us[server_us.length >> 1].toFixed(0)} µs, longest ${server_us.at(-1).toFixed(0)} µs`);

// A picture.
const picture = join(work, 'journey.svg');
execFileSync(periplus, ['draw', journeys, '-o', picture], { stdio: 'inherit' });
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage();
  await page.emulateMedia({ colorScheme });
  await page.goto(pathToFileURL(picture).href);
  const drawn = await page.evaluate(() => ({
    lanes: [...document.querySelectorAll('g[id]')].map((lane) => [lane.id, lane.getBBox().width]),
    title: document.querySelector('text').getComputedTextLength(),
    paper: getComputedStyle(document.querySelector('.paper')).fill,
  }));
  assert.ok(drawn.title > 0, 'the title has a width');
  assert.ok(drawn.lanes.length >= requests[0].spine.length, 'a lane for every station');
  for (const [id, width] of drawn.lanes) assert.ok(width > 0, `lane ${id} is drawn`);
  told(`the picture in ${colorScheme}: ${drawn.lanes.length} lanes on ${drawn.paper}`);
  await page.close();
}
await browser.close();
