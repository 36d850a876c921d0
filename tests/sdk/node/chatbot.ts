// The seed's multi-user chatbot: getUserThread is unchanged. What talks to it is added.
import OpenAI from 'openai';

const openai = new OpenAI();
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

async function ask(userId: string, content: string) {
  const threadId = await getUserThread(userId);
  await openai.beta.threads.messages.create(threadId, { role: 'user', content });
  await openai.beta.threads.runs.createAndPoll(threadId, { assistant_id: assistant.id });
}

await Promise.all([ask('ada', 'Hi, I am Ada.'), ask('bob', 'Hi, I am Bob.')]);
await ask('ada', 'Me again.');

const conversations: Record<string, string[]> = {};
for (const [userId, threadId] of userThreads) {
  const thread = await openai.beta.threads.retrieve(threadId);
  const said: string[] = [];
  for await (const message of openai.beta.threads.messages.list(threadId, { order: 'asc', limit: 1 })) {
    said.push(message.content[0].type === 'text' ? message.content[0].text.value : '');
  }
  conversations[userId] = [JSON.stringify(thread.metadata), ...said];
}

console.log(JSON.stringify(conversations));
