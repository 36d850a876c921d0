// Records a page that calls the API, in Chromium: node with_chromium.js FILE.har CHROMIUM. The page has the API's origin.
import { chromium } from 'playwright-core';

const [file, executablePath] = process.argv.slice(2);
const origin = new URL(process.env.OPENAI_BASE_URL).origin;
const browser = await chromium.launch({ executablePath });
const context = await browser.newContext({ recordHar: { path: file, content: 'embed' } });
const page = await context.newPage();
await page.route('**/chat.html', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Chat</h1>' }));
await page.goto(`${origin}/chat.html`);
await page.evaluate(async (key) => {
  const ask = async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, 'openai-beta': 'assistants=v2' };
    if (body && !(body instanceof FormData)) {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(body);
    }
    return fetch(`/v1${path}`, { method, headers, body });
  };
  const form = new FormData();
  form.append('file', new Blob(['Süppe\n']), 'menü.md');
  form.append('purpose', 'assistants');
  await (await ask('POST', '/files', form)).json();

  const getWeather = { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } };
  const tools = [{ type: 'function', function: getWeather }];
  const assistant = await (await ask('POST', '/assistants', { model: 'gpt-4o', tools })).json();
  const thread = async (content) =>
    (await ask('POST', '/threads', { messages: [{ role: 'user', content }] })).json();

  const polled = await thread('Hi!');
  let run = await (await ask('POST', `/threads/${polled.id}/runs`, { assistant_id: assistant.id })).json();
  while (['queued', 'in_progress'].includes(run.status)) {
    run = await (await ask('GET', `/threads/${polled.id}/runs/${run.id}`)).json();
  }

  const streamed = await thread('How is the weather in Köln?');
  const runs = `/threads/${streamed.id}/runs`;
  const events = await (await ask('POST', runs, { assistant_id: assistant.id, stream: true })).text();
  const asking = JSON.parse(events.match(/event: thread.run.requires_action\ndata: (.*)\n/)[1]);
  const [call] = asking.required_action.submit_tool_outputs.tool_calls;
  const tool_outputs = [{ tool_call_id: call.id, output: '{"celsius": 18}' }];
  const submitted = await ask('POST', `${runs}/${asking.id}/submit_tool_outputs`, { tool_outputs, stream: true });
  const reader = submitted.body.getReader();
  while (!(await reader.read()).done);

  await (await ask('GET', `/threads/${streamed.id}/messages?order=asc`)).json();
  const unknown = await ask('GET', '/threads/thread_unknown');
  if ((await unknown.json()).error === undefined) throw new Error('an unknown thread was found');
}, process.env.OPENAI_API_KEY);
await context.close();
await browser.close();
