import { answers, begin, print, runs } from './client.ts';

const { thread, assistant_id } = await begin();
const run = await runs.createAndPoll(thread, { assistant_id });
print({ status: run.status, answers: await answers(thread) });
