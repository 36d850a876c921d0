// The function that the assistant may call, and what it does.
import type { FunctionTool } from 'openai/resources/beta/assistants';

export const getWeather: FunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'How warm it is in a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

const cities: Record<string, number> = { Paris: 18, Rome: 27 };

export const celsius = (input: string) => JSON.stringify({ celsius: cities[JSON.parse(input).city] });
