// Loads examples/site in a headless Chromium through `periplus serve`, by HTTP/1.1 and by HTTP/2, and holds what arrives against
// the disk, what a WebSocket hears against what it said, the journeys against their sums, and a drawn journey against the browser's own
// rendering.
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
const serve = async (journeys, ...options) => {
  const server = spawn(periplus, ['serve', site, '--listen', '127.0.0.1:0', '--journeys', journeys, ...options], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  process.on('exit', () => server.kill('SIGKILL'));
  const served = { ended: once(server, 'exit'), stop: () => server.kill('SIGTERM'), talk: '' };
  served.address = await new Promise((found, failed) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      served.talk += `${line}\n`;
      const url = line.match(/https?:\/\/\S+/);
      if (url) found(url[0]);
    });
    served.ended.then(([code]) => failed(new Error(`the server ended with ${code}:\n${served.talk}`)));
  });
  return served;
};
const server = await serve(journeys);
const { address } = server;

const browser = await chromium.launchPersistentContext(join(work, 'profile'), {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  ignoreHTTPSErrors: true, // the certificate is of the server's own making
  timeout: 120_000,
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
// A bound for what may take long on a busy machine and must never take for ever.
browser.setDefaultTimeout(120_000);
browser.setDefaultNavigationTimeout(120_000);

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
await page.goto(address);
// The page's own script says when it has loaded everything.
await page.waitForFunction(() => document.documentElement.dataset.log);
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

// A WebSocket: each message is heard as it was said, and the end is in order. Whether the browser takes a message for text
// or bytes is a part of it.
const spoken = await page.evaluate(async (url) => {
  const bytes = (length) => Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8)) & 0xff);
  const said = ['ahoy', '', 'ä🜨 '.repeat(20_000), bytes(5), bytes(0), bytes(100 * 1024), bytes(1024 * 1024)];
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const happens = (event) => new Promise((seen, failed) => {
    socket.addEventListener(event, seen, { once: true });
    if (event !== 'close') socket.addEventListener('close', ({ code }) => failed(new Error(`closed: ${code}`)), { once: true });
  });
  const same = (said, heard) => typeof said === 'string'
    ? said === heard
    : heard instanceof ArrayBuffer && heard.byteLength === said.length
      && new Uint8Array(heard).every((byte, at) => byte === said[at]);
  await happens('open');
  const heard = [];
  for (const message of said) {
    const next = happens('message');
    socket.send(message);
    heard.push(same(message, (await next).data));
  }
  // And all at once: they come back in order.
  const all = new Promise((done) => {
    const echoes = [];
    socket.addEventListener('message', ({ data }) => echoes.push(data) === said.length && done(echoes));
  });
  for (const message of said) socket.send(message);
  heard.push((await all).every((echo, at) => same(said[at], echo)));
  const closed = happens('close');
  socket.close(1000, 'that is all');
  const { wasClean, code, reason } = await closed;
  const label = (message) => typeof message === 'string'
    ? `text ${new TextEncoder().encode(message).length} bytes`
    : `binary ${message.length} bytes`;
  return { heard, closed: { wasClean, code, reason }, labels: said.map(label) };
}, address.replace(/^http/, 'ws') + 'ws');
assert.deepEqual(spoken.heard, spoken.heard.map(() => true), 'every message comes back as it was said');
assert.deepEqual(spoken.closed, { wasClean: true, code: 1000, reason: 'that is all' });
told(`a WebSocket: ${spoken.labels.join(', ')}; one by one and all at once, back as they were said; closed cleanly`);

// One that is open when the server ends is told so.
const left = page.evaluate((url) => new Promise((closed) => {
  const socket = new WebSocket(url);
  socket.onclose = ({ wasClean, code }) => closed({ wasClean, code });
  socket.onopen = () => socket.send('still here');
  socket.onmessage = () => { document.documentElement.dataset.echoed = 'yes'; };
}), address.replace(/^http/, 'ws') + 'ws');
await page.waitForFunction(() => document.documentElement.dataset.echoed === 'yes');

// The end of it.
server.stop();
assert.deepEqual(await server.ended, [0, null], `SIGTERM drains and ends with 0:\n${server.talk}`);
assert.match(server.talk, /GET \/ HTTP\/1\.1/, 'the first journey is on the terminal');
told('SIGTERM: drained, exit 0');
assert.deepEqual(await left, { wasClean: true, code: 1001 }, 'an open WebSocket is closed as going away');
told('a WebSocket that was open is closed by 1001');
await page.close();

// The journeys.
const read = (journeys) => {
  const records = readFileSync(journeys, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
  for (const record of records) {
    const sum = record.spine.reduce((sum, { ns }) => sum + ns, 0);
    assert.equal(sum, record.total_ns, `the spine of journey ${record.id} sums to total_ns`);
  }
  return records;
};
const records = read(journeys);
const requests = records.filter(({ kind }) => kind === 'request');
const asked = new Set(requests.map(({ request }) => request));
for (const path of bodies.keys()) {
  assert.ok(asked.has(`GET ${path} HTTP/1.1`), `the request for ${path} has a journey`);
}
const messages = requests.filter(({ protocol }) => protocol === 'websocket');
assert.deepEqual(
  messages.map(({ request }) => request),
  [...spoken.labels, ...spoken.labels, 'text 10 bytes'],
  'every message has a journey',
);
for (const message of messages) assert.equal(message.outcome, 'answered');
told(`${messages.length} messages, a journey each`);
const server_us = requests.map(({ server_ns }) => server_ns / 1000).sort((a, b) => a - b);
told(`${records.length} journeys, each spine sums to total_ns; ${requests.length} of requests, ` +
  `server median ${server_us[server_us.length >> 1].toFixed(0)} µs, longest ${server_us.at(-1).toFixed(0)} µs`);

// The site again, over TLS, where a browser speaks HTTP/2: one connection, and a WebSocket on one of its own.
const streams = join(work, 'streams.jsonl');
const secure = await serve(streams, '--tls-self-signed');
const securePage = await browser.newPage();
await securePage.goto(secure.address);
await securePage.waitForFunction(() => document.documentElement.dataset.log);
const loaded = await securePage.evaluate(async (url) => {
  const socket = new WebSocket(url);
  const heard = await new Promise((heard) => {
    socket.onmessage = ({ data }) => heard(data);
    socket.onopen = () => socket.send('ahoy');
  });
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  return { heard, protocols: entries.map(({ name, nextHopProtocol }) => [new URL(name).pathname, nextHopProtocol]) };
}, secure.address.replace(/^http/, 'ws') + 'ws');
assert.equal(loaded.heard, 'ahoy');
for (const [path, protocol] of loaded.protocols) assert.equal(protocol, 'h2', path);
await securePage.close();
secure.stop();
assert.deepEqual(await secure.ended, [0, null], secure.talk);
const streamed = read(streams).filter(({ protocol }) => protocol === 'http/2');
for (const path of bodies.keys()) {
  const found = streamed.find(({ request }) => request === `GET ${path} HTTP/2`);
  assert.equal(found?.outcome, 'answered', `the stream of ${path} has a journey`);
}
const clients = new Set(streamed.map(({ peer }) => peer));
assert.equal(clients.size, 1, 'all of them came on one connection');
told(`over TLS: ${loaded.protocols.length} resources by h2, ${streamed.length} journeys of one connection's streams`);

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
