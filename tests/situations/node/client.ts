// What the programs share. Each gets into one situation and prints what it saw, as one line of JSON.
import OpenAI from 'openai';

export { OpenAI };
export const openai = new OpenAI();
export const { runs, messages } = openai.beta.threads;

/** A thread with a message, and the assistant that is to answer it. */
export async function begin() {
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: 'Hello?' }] });
  const assistant = await openai.beta.assistants.create({ model: 'gpt-4o' });
  return { thread: thread.id, assistant_id: assistant.id };
}

/** Streams a run: the events that came, and the error that ended them. */
export async function listen(thread: string, assistant_id: string) {
  const events: string[] = [];
  try {
    const stream = await runs.create(thread, { assistant_id, stream: true });
    for await (const event of stream) events.push(event.event);
  } catch (error) {
    return { events, ...told(error) };
  }
  return { events, error: null };
}

/** An error as an application tells it apart. */
export function told(error: unknown) {
  const status = error instanceof OpenAI.APIError ? (error.status ?? null) : undefined;
  return { error: (error as Error).constructor.name, status };
}

/** What the assistant said, oldest first. */
export async function answers(thread: string) {
  const said: string[] = [];
  for await (const message of messages.list(thread, { order: 'asc' })) {
    const [part] = message.content;
    if (message.role === 'assistant' && part.type === 'text') said.push(part.text.value);
  }
  return said;
}

export const print = (found: unknown) => console.log(JSON.stringify(found));
