// The seed's streaming pattern, unchanged: it prints the text as it comes. Assistant and thread are made before it; the
// events' names, printed on a line after the text, are added. (A type checker objects to `?.text`: content may also be an
// image. tsx takes types away without checking them, so the line stands as it was written.)
import { openai } from './client.ts';

const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', instructions: 'Be brief.' });
const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: 'Hi!' }] });
const events: string[] = [];

const stream = await openai.beta.threads.runs.stream(thread.id, {
  assistant_id: assistant.id,
});

for await (const event of stream) {
  events.push(event.event);
  if (event.event === 'thread.message.delta') {
    process.stdout.write(event.data.delta.content?.[0]?.text?.value || '');
  }
}

console.log('\n' + JSON.stringify({ events }));
