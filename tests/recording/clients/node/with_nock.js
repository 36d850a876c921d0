// Records with nock: node with_nock.js FILE. Request headers are recorded only if one asks for them: --headers.
import { writeFileSync } from 'node:fs';
import nock from 'nock';
import { play } from './app.js';

const [file, headers] = process.argv.slice(2);
nock.recorder.rec({ output_objects: true, dont_print: true, enable_reqheaders_recording: headers === '--headers' });
await play({ uploads: true });
const isWritten = () => nock.recorder.play().some(({ status }) => status === 404);
while (!isWritten()) await new Promise(setImmediate); // nock writes an answer down after its client has it
nock.restore();
writeFileSync(file, JSON.stringify(nock.recorder.play(), null, 2));
