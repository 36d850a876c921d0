import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ask } from './weather.mjs';

const api = process.env.ASSISTANTS_API ?? 'assistants';

test(`both cities are told (${api})`, async () => {
  assert.equal(await ask[api]('How is the weather in Paris and Rome?'), 'Paris and Rome have 21 degrees.');
});
