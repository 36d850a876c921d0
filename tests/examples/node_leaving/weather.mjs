// The weather desk on either API. It knows nothing of tests.
import OpenAI from 'openai';

const openai = new OpenAI();
const config = {
  model: 'gpt-4o',
  instructions: 'You tell the weather.',
  tools: [{
    type: 'function', name: 'get_weather', strict: false,
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  }],
};

function call(name, text) {
  return JSON.stringify({ city: JSON.parse(text).city, celsius: 21 });
}

async function assistants(question) {
  const { runs, messages } = openai.beta.threads;
  const thread = await openai.beta.threads.create({ messages: [{ role: 'user', content: question }] });
  let run = await runs.createAndPoll(thread.id, { assistant_id: 'asst_weather' });
  while (run.status === 'requires_action') {
    const calls = run.required_action.submit_tool_outputs.tool_calls;
    const outputs = calls.map(({ id, function: { name, arguments: text } }) => (
      { tool_call_id: id, output: call(name, text) }
    ));
    run = await runs.submitToolOutputsAndPoll(run.id, { thread_id: thread.id, tool_outputs: outputs });
  }
  const { data: [newest] } = await messages.list(thread.id);
  return newest.content[0].text.value;
}

async function responses(question) {
  let response = await openai.responses.create({ ...config, input: question });
  for (;;) {
    const calls = response.output.filter((item) => item.type === 'function_call');
    if (!calls.length) return response.output_text;
    const input = calls.map(({ call_id, name, arguments: text }) => (
      { type: 'function_call_output', call_id, output: call(name, text) }
    ));
    response = await openai.responses.create({ ...config, previous_response_id: response.id, input });
  }
}

export const ask = { assistants, responses };
