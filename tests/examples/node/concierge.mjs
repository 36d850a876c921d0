// The hotel's concierge, for its web site. It knows nothing of tests.
import OpenAI from 'openai';

const openai = new OpenAI();

/** Yields the answer piece by piece. */
export async function* answer(assistantId, question) {
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: question }] });
  const stream = await openai.beta.threads.runs.create(thread.id, { assistant_id: assistantId, stream: true });
  for await (const event of stream) {
    if (event.event !== 'thread.message.delta') continue;
    for (const part of event.data.delta.content ?? []) {
      if (part.type === 'text' && part.text?.value) yield part.text.value;
    }
  }
}
