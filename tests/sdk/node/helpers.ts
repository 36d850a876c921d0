// The SDK's own helpers: polling, streaming with event emitters, and classes of errors.
import OpenAI from 'openai';
import type { AssistantStream } from 'openai/lib/AssistantStream';
import type { Run } from 'openai/resources/beta/threads/runs/runs';
import { openai } from './client.ts';
import { celsius, getWeather } from './weather.ts';

const { runs } = openai.beta.threads;
const assistant = await openai.beta.assistants.create({ model: 'gpt-4o', tools: [getWeather] });
const assistant_id = assistant.id;

async function newThread(content: string) {
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content }] });
  return thread.id;
}

async function answer(threadId: string) {
  const messages = await openai.beta.threads.messages.list(threadId, { limit: 1 });
  const part = messages.data[0].content[0];
  return part.type === 'text' ? part.text.value : '';
}

const outputsFor = (run: Run) => ({
  thread_id: run.thread_id,
  tool_outputs: run.required_action!.submit_tool_outputs.tool_calls.map((call) => ({
    tool_call_id: call.id,
    output: celsius(call.function.arguments),
  })),
});

async function polled() {
  const threadId = await newThread('What is the weather in Paris and Rome?');
  const start = performance.now();
  const asking = await runs.createAndPoll(threadId, { assistant_id });
  const answered = await runs.submitToolOutputsAndPoll(asking.id, outputsFor(asking));
  const milliseconds = performance.now() - start;
  return { statuses: [asking.status, answered.status], answer: await answer(threadId), milliseconds };
}

async function createdAndRun() {
  const run = await openai.beta.threads.createAndRunPoll({
    assistant_id,
    thread: { messages: [{ role: 'user', content: 'Hi!' }] },
  });
  return { status: run.status, answer: await answer(run.thread_id) };
}

async function heard(stream: AssistantStream) {
  const events: string[] = [];
  let text = '';
  const names = ['runStepCreated', 'toolCallCreated', 'toolCallDone', 'runStepDone', 'messageCreated', 'textCreated'];
  for (const name of [...names, 'textDone', 'messageDone', 'end'] as const) {
    stream.on(name as 'end', () => events.push(name));
  }
  stream.on('textDelta', (delta) => (text += delta.value));
  const run = await stream.finalRun();
  return { run, heard: { status: run.status, events, text } };
}

async function streamed() {
  const threadId = await newThread('What is the weather in Paris and Rome?');
  const asking = await heard(runs.stream(threadId, { assistant_id }));
  const answering = await heard(runs.submitToolOutputsStream(asking.run.id, outputsFor(asking.run)));
  return [asking.heard, answering.heard];
}

async function createdAndStreamed() {
  const stream = openai.beta.threads.createAndRunStream({
    assistant_id,
    thread: { messages: [{ role: 'user', content: 'Hi!' }] },
  });
  return (await heard(stream)).heard;
}

async function errorOf(request: Promise<unknown>, names: Record<string, string> = {}) {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    let message = error.message;
    for (const [id, name] of Object.entries(names)) message = message.replace(id, name);
    return [error.constructor.name, error.status, message];
  }
}

async function errors() {
  const threadId = await newThread('Write a novel, please.');
  const run = await runs.create(threadId, { assistant_id });
  const names = { [threadId]: '<thread>', [run.id]: '<run>' };
  const second = await errorOf(runs.create(threadId, { assistant_id }), names);
  await runs.cancel(run.id, { thread_id: threadId });
  const cancelled = await runs.poll(run.id, { thread_id: threadId });
  return {
    second,
    cancelled: cancelled.status,
    unknown: await errorOf(openai.beta.threads.retrieve('thread_unknown')),
  };
}

async function deleted() {
  const threadId = await newThread('Hi!');
  const gone = [await openai.beta.threads.delete(threadId), await openai.beta.assistants.delete(assistant_id)];
  return gone.map(({ object, deleted }) => [object, deleted]);
}

console.log(
  JSON.stringify({
    polled: await polled(),
    createdAndRun: await createdAndRun(),
    streamed: await streamed(),
    createdAndStreamed: await createdAndStreamed(),
    errors: await errors(),
    deleted: await deleted(),
  }),
);
