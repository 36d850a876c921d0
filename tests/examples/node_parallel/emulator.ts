// The emulator, for tests. Import this before anything that makes an OpenAI client: each worker gets a key of its own,
// and with it a world of its own, so test files can run in parallel.
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export interface Problem { kind: string; message: string; file: string | null; line: number | null }
export interface Run { id: string; thread_id: string; turn: string; status: string; timeline: { event: string }[] }
export interface Request { operation: string | null; method: string; path: string; status: number; json: Json; answer: Json }
export interface Fault { operation: string | string[]; kind: string; times?: number; [key: string]: Json | undefined }

const base = process.env.OPENAI_BASE_URL ?? process.env.AZURE_OPENAI_ENDPOINT;
if (!base) throw new Error('no emulator: run the tests under `assistants-emulator exec`');
const { VITEST_POOL_ID, JEST_WORKER_ID, MOCHA_WORKER_ID } = process.env;
const worker = VITEST_POOL_ID ?? JEST_WORKER_ID ?? MOCHA_WORKER_ID ?? String(process.pid);
const [shared] = (process.env.OPENAI_API_KEY ?? 'sk-test').split('/');
export const key = `${shared}/${worker}`;
process.env.OPENAI_API_KEY = process.env.AZURE_OPENAI_API_KEY = key;

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(`/_emulator/${path}`, base), {
    method,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.json() as T & { error?: { message: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `${method} ${path}: ${response.status}`);
  return answer;
}

/** Throws an error if the emulator found a problem in this worker's world. Call it after each test. */
export async function check(): Promise<void> {
  const { problems } = await call<{ problems: Problem[] }>('GET', 'check');
  const lines = problems.map(({ file, line, message }) => (file ? `${file}:${line}: ${message}` : message));
  if (lines.length) throw new Error(`the emulator found problems:\n  ${lines.join('\n  ')}`);
}
/** Begins a new world for this worker. */
export const reset = (options: { seed?: number | string; start?: string } = {}): Promise<unknown> =>
  call('POST', 'reset', options);
/** Checks the world and begins a new one, also if the check fails. */
export const checkAndReset = (): Promise<unknown> => check().finally(() => reset());
export const runs = async (): Promise<Run[]> => (await call<{ runs: Run[] }>('GET', 'runs')).runs;
export const requests = async (operation?: string): Promise<Request[]> =>
  (await call<{ requests: Request[] }>('GET', operation ? `requests?operation=${operation}` : 'requests')).requests;
/** Adds a scenario to this worker's world, until the next reset. */
export const load = (scenario: Json): Promise<unknown> => call('POST', 'scenarios', scenario);
export const inject = (fault: Fault): Promise<unknown> => call('POST', 'faults', fault);
export const advance = (seconds: number): Promise<unknown> => call('POST', 'clock/advance', { seconds });
export const waitHeld = (label: string): Promise<unknown> => call('GET', `holds/${encodeURIComponent(label)}?timeout=5`);
export const release = (label: string): Promise<unknown> => call('POST', `holds/${encodeURIComponent(label)}/release`);
