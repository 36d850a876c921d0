import { answers, begin, print, runs, told } from './client.ts';

const { thread, assistant_id } = await begin();
const impatient = { timeout: 500, maxRetries: 0 };
const error = await runs.create(thread, { assistant_id }, impatient).then(() => null, told);
const [run] = (await runs.list(thread)).data; // it was created all the same
const { status } = await runs.poll(run.id, { thread_id: thread });
print({ ...error, found: status, answers: await answers(thread) });
