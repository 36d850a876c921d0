// The seed's data analysis. Changed, because the SDK or a placeholder asks for it:
//   {...}   the file and its purpose
//   model   is missing in the seed's assistant
//   role    is missing in its message
//   thread  is made before it is used
import { toFile } from 'openai';
import { openai } from './client.ts';

const data = 'month,revenue\njanuary,150\nfebruary,160\nmarch,170\n';
const thread = await openai.beta.threads.create();

const assistant = await openai.beta.assistants.create({
  model: 'gpt-4o',
  tools: [{ type: 'code_interpreter' }],
});

// Upload data
const file = await openai.files.create({ file: await toFile(Buffer.from(data), 'sales.csv'), purpose: 'assistants' });

// Attach to message
await openai.beta.threads.messages.create(thread.id, {
  role: 'user',
  content: 'Analyze this data',
  attachments: [{ file_id: file.id, tools: [{ type: 'code_interpreter' }] }],
});

// Added. The run, and what its code printed and drew:
const run = await openai.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
const steps = await openai.beta.threads.runs.steps.list(run.id, { thread_id: thread.id, order: 'asc' });
const details = steps.data[0].step_details;
const call = details.type === 'tool_calls' && details.tool_calls[0];
if (!call || call.type !== 'code_interpreter') throw new Error('expected code');
const logs: string[] = [];
const drawn: string[] = [];
for (const output of call.code_interpreter.outputs) {
  if (output.type === 'logs') logs.push(output.logs);
  else drawn.push(output.image.file_id);
}

// the images and the files of the answer, downloaded:
const [message] = (await openai.beta.threads.messages.list(thread.id, { run_id: run.id })).data;
const shown: string[] = [];
const files: unknown[] = [];
let answer = '';
for (const part of message.content) {
  if (part.type === 'image_file') shown.push(part.image_file.file_id);
  if (part.type !== 'text') continue;
  answer += part.text.value;
  for (const note of part.text.annotations) {
    if (note.type !== 'file_path') continue;
    const made = await openai.files.retrieve(note.file_path.file_id);
    const download = await openai.files.content(made.id);
    files.push([note.text, made.filename, await download.text()]);
  }
}
const begin: string[] = [];
for (const id of shown) {
  const download = await openai.files.content(id);
  begin.push(Buffer.from(await download.arrayBuffer()).toString('latin1', 1, 4));
}
const { tool_resources } = await openai.beta.threads.retrieve(thread.id);

console.log(
  JSON.stringify({
    status: run.status,
    'has the file': tool_resources?.code_interpreter?.file_ids?.join() === file.id,
    code: { 'first line': call.code_interpreter.input.split('\n')[0], logs },
    images: { 'as drawn': shown.join() === drawn.join(), begin },
    answer,
    files,
  }),
);
