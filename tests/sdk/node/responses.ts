// The Responses API with the SDK's own helpers: parsing by zod, streams with event emitters, polling, pages, errors.
import OpenAI from 'openai';
import { zodResponsesFunction, zodTextFormat } from 'openai/helpers/zod';
import type { FunctionTool, Response, ResponseInput } from 'openai/resources/responses/responses';
import { z } from 'zod';
import { openai } from './client.ts';
import { celsius } from './weather.ts';

const { responses } = openai;
const model = 'gpt-4o';
const twoCities = 'What is the weather in Paris and Rome?';
const clothes = 'What should I wear in Rome?';
const Recipe = z.object({ title: z.string(), minutes: z.number(), ingredients: z.array(z.string()) });
const format = zodTextFormat(Recipe, 'recipe');
const getWeather: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'How warm it is in a city',
  strict: true,
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};
const tools = [getWeather];

const callsOf = (response: Pick<Response, 'output'>) =>
  response.output.flatMap((item) => (item.type === 'function_call' ? [item] : []));
const named = (response: Pick<Response, 'output'>) => callsOf(response).map((call) => [call.name, call.arguments]);
const outputsOf = (response: Pick<Response, 'output'>) =>
  callsOf(response).map((call) => ({
    type: 'function_call_output' as const,
    call_id: call.call_id,
    output: celsius(call.arguments),
  }));

async function created() {
  const response = await responses.create({ model, instructions: 'Be brief.', input: 'Hi!' });
  const retrieved = await responses.retrieve(response.id);
  return [response.status, response.output_text, response.usage?.total_tokens, retrieved.output_text];
}

async function secondTurn() {
  const first = await responses.create({ model, input: 'Hi!' });
  const second = await responses.create({ model, input: 'And now?', previous_response_id: first.id });
  return second.output_text;
}

async function parsed() {
  const recipe = await responses.parse({ model, input: 'A recipe, please.', text: { format } });
  const tool = zodResponsesFunction({ name: 'get_weather', parameters: z.object({ city: z.string() }) });
  const calling = await responses.parse({ model, input: twoCities, tools: [tool] });
  const calls = calling.output.flatMap((item) => (item.type === 'function_call' ? [item.parsed_arguments] : []));
  return { recipe: recipe.output_parsed, calls };
}

async function polled(input: string, settled = (response: Response) => Promise.resolve(response)) {
  let response = await responses.create({ model, input, background: true });
  const statuses = [response.status];
  while (response.status === 'queued' || response.status === 'in_progress') {
    response = await settled(await responses.retrieve(response.id));
    statuses.push(response.status);
  }
  return { statuses, text: response.output_text };
}

const cancelled = () => polled('Write a novel, please.', (response) => responses.cancel(response.id));

async function inputItems() {
  const first = await responses.create({ model, input: 'Hi!' });
  const second = await responses.create({ model, input: 'And now?', previous_response_id: first.id });
  const items: unknown[] = [];
  for await (const item of responses.inputItems.list(second.id, { limit: 2, order: 'asc' })) {
    if (item.type === 'message') items.push([item.role, 'text' in item.content[0] && item.content[0].text]);
  }
  return items;
}

async function errorOf(request: PromiseLike<unknown>, names: Record<string, string> = {}) {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof OpenAI.APIError)) throw error;
    let message = error.message;
    for (const [id, name] of Object.entries(names)) message = message.replace(id, name);
    return [error.constructor.name, error.status, message, error.param, error.code];
  }
}

async function deleted() {
  const { id } = await responses.create({ model, input: 'Hi!' });
  await responses.delete(id);
  return [
    await errorOf(responses.retrieve(id), { [id]: '<response>' }),
    await errorOf(responses.create({ model, input: 'Hi!', previous_response_id: id }), { [id]: '<response>' }),
  ];
}

async function byReference() {
  const calling = await responses.create({ model, input: twoCities, tools });
  const final = await responses.create({
    model,
    input: outputsOf(calling),
    previous_response_id: calling.id,
    tools,
  });
  return { calls: named(calling), text: final.output_text };
}

async function byHistory(input: string, options: object) {
  const history: ResponseInput = [{ role: 'user', content: input }];
  const items: string[][] = [];
  for (;;) {
    const response = await responses.create({ model, input: history, tools, ...options, stream: false });
    items.push(response.output.map((item) => item.type));
    const outputs = outputsOf(response);
    if (!outputs.length) return { items, text: response.output_text };
    history.push(...response.output, ...outputs);
  }
}

async function rawEvents() {
  const events: string[] = [];
  let text = '';
  for await (const event of await responses.create({ model, input: 'Hi!', stream: true })) {
    events.push(event.type);
    if (event.type === 'response.output_text.delta') text += event.delta;
  }
  return { events, text };
}

async function accumulated() {
  const snapshots: string[] = [];
  const stream = responses.stream({ model, input: 'Hi!' });
  stream.on('response.output_text.delta', (event) => snapshots.push(event.snapshot));
  const final = await stream.finalResponse();
  return { snapshots, text: final.output_text };
}

async function parsedStream() {
  const stream = responses.stream({ model, input: 'A recipe, please.', text: { format } });
  return (await stream.finalResponse()).output_parsed;
}

async function functionsStreamed() {
  const options = { model: 'gpt-5', tools };
  const first = responses.stream({ ...options, input: clothes });
  let last = '';
  first.on('response.function_call_arguments.delta', (event) => (last = event.snapshot));
  const calling = await first.finalResponse();
  const input = outputsOf(calling);
  const second = responses.stream({ ...options, input, previous_response_id: calling.id });
  const final = await second.finalResponse();
  const items = [calling, final].map(({ output }) => output.map((item) => item.type));
  return { last, items, text: final.output_text };
}

// A response that fails is returned; its stream rejects.
async function failed() {
  const { status, error } = await responses.create({ model, input: 'Please break.' });
  const final = responses.stream({ model, input: 'Please break.' }).finalResponse();
  return { status, code: error?.code, raised: await errorOf(final) };
}

async function resumed() {
  const before: string[] = [];
  let id = '';
  for await (const event of await responses.create({ model, input: 'Hi!', background: true, stream: true })) {
    before.push(event.type);
    if (event.type === 'response.created') id = event.response.id;
  }
  const rest: string[] = [];
  const again = responses.stream({ response_id: id, starting_after: 5 });
  for await (const event of again) rest.push(event.type);
  return { events: before, rest };
}

console.log(
  JSON.stringify({
    created: await created(),
    secondTurn: await secondTurn(),
    parsed: await parsed(),
    background: await polled('Hi!'),
    cancelled: await cancelled(),
    inputItems: await inputItems(),
    deleted: await deleted(),
    byReference: await byReference(),
    byHistory: await byHistory(twoCities, {}),
    unstored: await byHistory(clothes, { model: 'gpt-5', store: false, include: ['reasoning.encrypted_content'] }),
    rawEvents: await rawEvents(),
    accumulated: await accumulated(),
    parsedStream: await parsedStream(),
    functionsStreamed: await functionsStreamed(),
    failed: await failed(),
    resumed: await resumed(),
  }),
);
