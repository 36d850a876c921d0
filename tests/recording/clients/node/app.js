// What an application asks for with the SDK, while a recorder listens.
import OpenAI, { toFile } from 'openai';

const getWeather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

export async function play({ uploads }) {
  const openai = new OpenAI();
  const { threads } = openai.beta;
  if (uploads) {
    await openai.files.create({ file: await toFile(Buffer.from('Süppe\n'), 'menü.md'), purpose: 'assistants' });
  }
  const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', tools: [getWeather] });
  const polled = await threads.create({ messages: [{ role: 'user', content: 'Hi!' }] });
  await threads.runs.createAndPoll(polled.id, { assistant_id: assistant.id });
  const streamed = await threads.create({ messages: [{ role: 'user', content: 'How is the weather in Köln?' }] });
  const run = await threads.runs.stream(streamed.id, { assistant_id: assistant.id }).finalRun();
  const [call] = run.required_action.submit_tool_outputs.tool_calls;
  const tool_outputs = [{ tool_call_id: call.id, output: '{"celsius": 18}' }];
  await threads.runs.submitToolOutputsStream(run.id, { thread_id: streamed.id, tool_outputs }).finalRun();
  await threads.messages.list(streamed.id, { order: 'asc' });
  try {
    await threads.retrieve('thread_unknown');
  } catch (error) {
    if (error.status === 404) return;
  }
  throw new Error('an unknown thread was found');
}
