// The seed's basic pattern. Changed, because the SDK or a placeholder asks for it:
//   {...}                        an assistant's and a message's parameters
//   sleep                        is not defined there; here a thousandth of the time, and counted
//   const run                    is assigned again in the loop, so `let run`
//   retrieve(thread.id, run.id)  since version 5 of the SDK: retrieve(run.id, { thread_id: thread.id })
import { openai } from './client.ts';

let sleeps = 0;
const sleep = (milliseconds: number) => {
  sleeps += 1;
  return new Promise((resolve) => setTimeout(resolve, milliseconds / 1000));
};

// 1. Create assistant (once)
const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', instructions: 'Be brief.' });

// 2. Create thread (per conversation)
const thread = await openai.beta.threads.create();

// 3. Add message
await openai.beta.threads.messages.create(thread.id, { role: 'user', content: 'Hi!' });

// 4. Run
let run = await openai.beta.threads.runs.create(thread.id, {
  assistant_id: assistant.id,
});

// 5. Poll for completion
while (run.status !== 'completed') {
  await sleep(1000);
  run = await openai.beta.threads.runs.retrieve(run.id, { thread_id: thread.id });
}

// 6. Get response
const messages = await openai.beta.threads.messages.list(thread.id);

console.log(
  JSON.stringify({
    status: run.status,
    sleeps,
    messages: messages.data.map(({ role, content }) => [role, content[0].type === 'text' && content[0].text.value]),
  }),
);
