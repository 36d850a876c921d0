import assert from 'node:assert/strict';
import { test } from 'node:test';

import OpenAI from 'openai';

test('the weather', async () => {
  const openai = new OpenAI();
  const assistant = await openai.beta.assistants.create({ model: 'gpt-4o' });
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: 'How is the weather?' }] });
  const run = await openai.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, 'completed');
  const { data } = await openai.beta.threads.messages.list(thread.id);
  assert.equal(data[0].content[0].text.value, 'It is sunny in Paris.');
});
