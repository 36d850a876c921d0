// Conversations with their items, and containers with their files.
import OpenAI from 'openai';
import { openai } from './client.ts';

const { containers, conversations, responses } = openai;
const model = 'gpt-4o';

async function errorOf(request: Promise<unknown>) {
  try {
    await request;
    return ['no error'];
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    return [error.constructor.name, error.status, error.message.replace(/(conv|cfile)_[0-9a-f]+/, '<$1>'), error.code];
  }
}

async function onConversation() {
  const { id, metadata } = await conversations.create({
    metadata: { thread_id: 'thread_7' },
    items: [{ type: 'message', role: 'user', content: 'I am Ada.' }],
  });
  const first = await responses.create({ model, input: 'Hi!', conversation: id });
  const stream = await responses.create({ model, input: 'And now?', conversation: { id }, stream: true });
  for await (const _ of stream);
  const updated = await conversations.update(id, { metadata: { user: 'ada' } });
  const items: unknown[] = [];
  for await (const item of conversations.items.list(id, { limit: 2, order: 'asc' })) {
    if (item.type === 'message') items.push([item.role, 'text' in item.content[0] && item.content[0].text]);
  }
  const [newest] = (await conversations.items.list(id, { limit: 1 })).data;
  const left = await conversations.items.delete(newest.id!, { conversation_id: id });
  const deleted = await conversations.delete(id);
  return {
    metadata: [metadata, updated.metadata],
    bound: first.conversation?.id === id,
    items,
    left: left.id === id,
    deleted: deleted.deleted,
    gone: await errorOf(conversations.retrieve(id)),
  };
}

async function busy() {
  const { id } = await conversations.create();
  await responses.create({ model, input: 'Hi!', conversation: id, background: true });
  return errorOf(responses.create({ model, input: 'Hi!', conversation: id }));
}

async function inContainer() {
  const container = await containers.create({ name: 'sums' });
  const place = { container_id: container.id };
  const file = await containers.files.create(container.id, { file: new File(['Notes.'], 'notes.txt') });
  const response = await responses.create({
    model,
    input: 'Please solve 3x + 11 = 14.',
    tools: [{ type: 'code_interpreter', container: container.id }],
  });
  const ranIn = response.output.flatMap((item) => (item.type === 'code_interpreter_call' ? [item.container_id] : []));
  const content = await containers.files.content.retrieve(file.id, place);
  const listed: string[] = [];
  for await (const one of containers.files.list(container.id)) listed.push(one.path.slice(-10));
  await containers.files.delete(file.id, place);
  const noFile = await errorOf(containers.files.retrieve(file.id, place));
  await containers.delete(container.id);
  return {
    ran: ranIn.length === 1 && ranIn[0] === container.id,
    listed,
    content: await content.text(),
    noFile,
    gone: await errorOf(containers.retrieve(container.id)),
  };
}

console.log(
  JSON.stringify({ onConversation: await onConversation(), busy: await busy(), inContainer: await inContainer() }),
);
