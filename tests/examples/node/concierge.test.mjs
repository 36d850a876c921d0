import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { answer } from './concierge.mjs';

// The emulator's admin API stands beside /v1, and takes the same key.
async function emulator(method, path, body) {
  const response = await fetch(new URL(`/_emulator/${path}`, process.env.OPENAI_BASE_URL), {
    method,
    headers: { authorization: `Bearer ${process.env.OPENAI_API_KEY}` },
    body: body && JSON.stringify(body),
  });
  return response.json();
}

async function all(pieces) {
  const found = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

afterEach(async () => {
  const { problems } = await emulator('GET', 'check');
  await emulator('POST', 'reset');
  assert.deepEqual(problems, []);
});

test('the answer comes in pieces', async () => {
  assert.deepEqual(await all(answer('asst_concierge', 'When is breakfast?')), ['From ', 'seven ', 'to ten.']);
});

test('a refused request is sent again', async () => {
  await emulator('POST', 'faults', {
    operation: 'create_run', kind: 'error', status: 429, times: 1, headers: { 'retry-after-ms': '1' },
  });
  assert.equal((await all(answer('asst_concierge', 'When is breakfast?'))).join(''), 'From seven to ten.');
  const { requests } = await emulator('GET', 'requests?operation=create_run');
  assert.deepEqual(requests.map((request) => request.status), [429, 200]);
});
