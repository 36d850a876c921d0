// The seed's multi-user chatbot: getUserThread is unchanged. What talks to it is added.
import { openai } from './client.ts';

const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', instructions: 'Be brief.' });

const userThreads = new Map<string, string>();

async function getUserThread(userId: string) {
  if (!userThreads.has(userId)) {
    const thread = await openai.beta.threads.create({
      metadata: { user_id: userId },
    });
    userThreads.set(userId, thread.id);
  }
  return userThreads.get(userId)!;
}

async function ask(userId: string) {
  const threadId = await getUserThread(userId);
  await openai.beta.threads.messages.create(threadId, { role: 'user', content: 'Hello chatbot!' });
  await openai.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistant.id });
}

await Promise.all([ask('ada'), ask('bob')]);
await ask('ada');

const conversations: Record<string, string[]> = {};
for (const [userId, threadId] of userThreads) {
  conversations[userId] = [];
  for await (const message of openai.beta.threads.messages.list(threadId, { order: 'asc', limit: 1 })) {
    const part = message.content[0];
    if (message.role === 'assistant' && part.type === 'text') conversations[userId].push(part.text.value);
  }
}

console.log(JSON.stringify(conversations));
