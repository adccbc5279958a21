// What the browser saw of each request, from its own log (Resource Timing).
'use strict';

const milliseconds = (from, to) => `${Math.max(0, to - from).toFixed(2)} ms`;

const row = (entry) => {
  const tr = document.createElement('tr');
  const name = new URL(entry.name).pathname;
  const cells = [
    name,
    entry.decodedBodySize.toLocaleString('en'),
    milliseconds(entry.requestStart, entry.responseStart),
    milliseconds(entry.responseStart, entry.responseEnd),
  ];
  for (const text of cells) {
    tr.insertCell().textContent = text;
  }
  return tr;
};

addEventListener('load', () => {
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ];
  document.getElementById('log').replaceChildren(...entries.map(row));
  document.documentElement.dataset.log = String(entries.length);
});
