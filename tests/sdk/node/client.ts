// The client of all patterns: Azure's where OPENAI_BASE_URL is not set, which Azure's refuses beside an endpoint.
import OpenAI, { AzureOpenAI } from 'openai';

export const openai = process.env.OPENAI_BASE_URL ? new OpenAI() : new AzureOpenAI();
