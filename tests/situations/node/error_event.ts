import { answers, begin, listen, print } from './client.ts';

const { thread, assistant_id } = await begin();
print({ ...(await listen(thread, assistant_id)), answers: await answers(thread) });
