import { begin, print, runs, told } from './client.ts';

const { thread, assistant_id } = await begin();
print(await runs.create(thread, { assistant_id }).then(() => null, told));
