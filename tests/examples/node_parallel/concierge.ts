// The hotel's concierge. It knows nothing of tests.
import OpenAI from 'openai';

const openai = new OpenAI();

export async function ask(assistantId: string, question: string): Promise<string> {
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: question }] });
  const run = await openai.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistantId });
  if (run.status !== 'completed') throw new Error(`the run is ${run.status}`);
  const { data } = await openai.beta.threads.messages.list(thread.id);
  const part = data[0]?.content[0];
  return part?.type === 'text' ? part.text.value : '';
}
