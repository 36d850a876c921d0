import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { checkAndReset, inject, requests, runs } from './emulator.ts'; // before the application, which makes a client
import { ask } from './concierge.ts';

afterEach(checkAndReset);

test('the concierge knows when breakfast is', async () => {
  assert.equal(await ask('asst_concierge', 'When is breakfast?'), 'From seven to ten.');
  assert.equal((await runs()).map((run) => run.status).join(), 'completed');
});

test('a refused request is sent again', async () => {
  await inject({ operation: 'create_run', kind: 'error', status: 429, times: 1, headers: { 'retry-after-ms': '1' } });
  assert.equal(await ask('asst_concierge', 'Is there breakfast?'), 'From seven to ten.');
  assert.equal((await requests('create_run')).map((request) => request.status).join(), '429,200');
});
