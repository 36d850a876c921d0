// The seed's function calling, "requires_action → submit_tool_outputs", several functions at once. The seed has no code
// for it: this is the loop of its basic pattern (with the changes listed there), and in it what the arrow says.
import { openai } from './client.ts';
import { celsius, getWeather } from './weather.ts';

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds / 1000));

const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', tools: [getWeather] });
const thread = await openai.beta.threads.create();
await openai.beta.threads.messages.create(thread.id, {
  role: 'user',
  content: 'What is the weather in Paris and Rome?',
});
let run = await openai.beta.threads.runs.create(thread.id, {
  assistant_id: assistant.id,
});
const calls: [string, string][] = [];
const statuses = [run.status];

while (run.status !== 'completed') {
  await sleep(1000);
  run = await openai.beta.threads.runs.retrieve(run.id, { thread_id: thread.id });
  statuses.push(run.status);
  if (run.status === 'requires_action') {
    const asked = run.required_action!.submit_tool_outputs.tool_calls;
    calls.push(...asked.map((call): [string, string] => [call.function.name, call.function.arguments]));
    run = await openai.beta.threads.runs.submitToolOutputs(run.id, {
      thread_id: thread.id,
      tool_outputs: asked.map((call) => ({ tool_call_id: call.id, output: celsius(call.function.arguments) })),
    });
    statuses.push(run.status);
  }
}

const messages = await openai.beta.threads.messages.list(thread.id);
const answer = messages.data[0].content[0];
console.log(JSON.stringify({ statuses, calls, answer: answer.type === 'text' && answer.text.value }));
