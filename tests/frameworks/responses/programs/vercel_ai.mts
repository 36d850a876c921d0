// Vercel's AI SDK: texts with functions, streams, a history of messages and structured output.
import { openai } from '@ai-sdk/openai';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import type { ModelMessage } from 'ai';
import { z } from 'zod';

const degrees: Record<string, string> = { Paris: '18 degrees', Rome: '27 degrees' };
const getWeather = tool({
  description: 'How warm it is in a city',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => degrees[city],
});
const options = { system: 'Be brief.', tools: { get_weather: getWeather }, stopWhen: stepCountIs(5) };
const cities = 'How warm is it in Paris and Rome?';

async function functions() {
  const result = await generateText({ ...options, model: openai('gpt-4o'), prompt: cities });
  const calls = result.steps.flatMap((step) => step.toolResults.map(({ input, output }) => [input, output]));
  return { steps: result.steps.length, calls, text: result.text };
}

async function streamed() {
  const result = streamText({ ...options, model: openai('gpt-4o'), prompt: cities });
  const words: string[] = [];
  for await (const word of result.textStream) words.push(word);
  return { words, steps: (await result.steps).length };
}

async function conversations() {
  const model = openai('gpt-4o');
  const messages: ModelMessage[] = [{ role: 'user', content: 'Hello' }];
  const first = await generateText({ model, messages });
  const again: ModelMessage = { role: 'user', content: 'Hello again' };
  const second = await generateText({ model, messages: [...messages, ...first.response.messages, again] });
  const previousResponseId = first.providerMetadata!.openai.responseId as string;
  const chain = await generateText({ model, messages: [again], providerOptions: { openai: { previousResponseId } } });
  return { history: [first.text, second.text], chain: [chain.text] };
}

async function unstored() {
  const result = await generateText({
    ...options,
    model: openai('gpt-5'),
    prompt: 'What should I wear in Rome?',
    providerOptions: { openai: { store: false, include: ['reasoning.encrypted_content'] } },
  });
  return { thoughts: result.steps.map((step) => step.reasoningText), text: result.text };
}

type Search = { results: { filename: string; text: string }[] };

// A search, then code in a stream, then a turn that brings both back.
async function hosted() {
  const model = openai('gpt-4o');
  const tools = {
    file_search: openai.tools.fileSearch({ vectorStoreIds: ['vs_restaurant'] }),
    code_interpreter: openai.tools.codeInterpreter(),
  };
  const messages: ModelMessage[] = [{ role: 'user', content: 'What is the soup of the day?' }];
  const providerOptions = { openai: { include: ['file_search_call.results'] } };
  const found = await generateText({ model, tools, messages, providerOptions });
  messages.push(...found.response.messages, { role: 'user', content: 'Please solve 3x + 11 = 14.' });
  const stream = streamText({ model, tools, messages });
  const kinds: string[] = [];
  for await (const part of stream.fullStream) if (part.type !== kinds.at(-1)) kinds.push(part.type);
  messages.push(...(await stream.response).messages, { role: 'user', content: 'Hello again' });
  const again = await generateText({ model, tools, messages });
  const searches = found.toolResults.map(({ output }) => output as Search);
  return {
    content: found.content.map((part) => part.type),
    results: searches.flatMap(({ results }) => results.map(({ filename, text }) => [filename, text])),
    sources: found.sources.map((source) => source.title),
    kinds,
    code: (await stream.toolCalls).map(({ toolName, input }) => [toolName, (input as { code?: string }).code]),
    outputs: [found.text, await stream.text, again.text],
  };
}

async function structured() {
  const output = Output.object({ schema: z.object({ title: z.string(), minutes: z.number() }) });
  return (await generateText({ model: openai('gpt-4o'), prompt: 'A recipe, please.', output })).output;
}

console.log(
  JSON.stringify({
    functions: await functions(),
    streamed: await streamed(),
    conversations: await conversations(),
    unstored: await unstored(),
    hosted: await hosted(),
    structured: await structured(),
  }),
);
