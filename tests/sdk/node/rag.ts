// The seed's RAG application. Changed, because the SDK or a placeholder asks for it:
//   openai.beta.vectorStores  since version 5 of the SDK: openai.vectorStores
//   {...}                     the store's name, the ids of files
//   model                     is missing in the seed's assistant
//   documents                 files are uploaded before a batch can name them
import { toFile } from 'openai';
import { openai } from './client.ts';

const text = '# Menu\n\nThe soup of the day is leek and potato, with rye bread.\n';
const menu = await openai.files.create({ file: await toFile(Buffer.from(text), 'menu.md'), purpose: 'assistants' });

// 1. Create vector store with documents
const vectorStore = await openai.vectorStores.create({ name: 'Restaurant' });
await openai.vectorStores.fileBatches.create(vectorStore.id, { file_ids: [menu.id] });

// 2. Create assistant with file_search
const assistant = await openai.beta.assistants.create({
  model: 'gpt-4o',
  tools: [{ type: 'file_search' }],
  tool_resources: {
    file_search: { vector_store_ids: [vectorStore.id] },
  },
});

// Added. More documents, by the SDK's helper, which uploads and polls:
const files = [
  await toFile(Buffer.from('Open from Tuesday to Sunday, noon to ten.'), 'hours.txt'),
  await toFile(Buffer.from('House wine, red or white.'), 'wines.txt'),
];
const start = performance.now();
const batch = await openai.vectorStores.fileBatches.uploadAndPoll(vectorStore.id, { files });
const milliseconds = performance.now() - start;
const store = await openai.vectorStores.retrieve(vectorStore.id);

// a question, and what the answer cites:
const run = await openai.beta.threads.createAndRunPoll({
  assistant_id: assistant.id,
  thread: { messages: [{ role: 'user', content: 'What is the soup of the day?' }] },
});
const messages = await openai.beta.threads.messages.list(run.thread_id, { run_id: run.id });
const answer = messages.data[0].content[0];
if (answer.type !== 'text') throw new Error(`expected text, got ${answer.type}`);
const citations: unknown[] = [];
for (const note of answer.text.annotations) {
  if (note.type !== 'file_citation') continue;
  const { filename } = await openai.files.retrieve(note.file_citation.file_id);
  citations.push([note.text, note.start_index, note.end_index, filename]);
}

// and what was found, with its text:
const steps = await openai.beta.threads.runs.steps.list(run.id, {
  thread_id: run.thread_id,
  order: 'asc',
  include: ['step_details.tool_calls[*].file_search.results[*].content'],
});
const details = steps.data[0].step_details;
const call = details.type === 'tool_calls' && details.tool_calls[0];
const results = (call && call.type === 'file_search' && call.file_search.results) || [];
const content: string[] = [];
for await (const one of openai.vectorStores.files.content(menu.id, { vector_store_id: vectorStore.id })) {
  content.push(one.text ?? '');
}

console.log(
  JSON.stringify({
    batch: [batch.status, batch.file_counts.completed],
    store: [store.status, store.file_counts.completed],
    answer: answer.text.value,
    citations,
    found: results.map((one) => [one.file_name, one.score, (one.content ?? []).map((part) => part.text)]),
    content,
    milliseconds,
  }),
);
