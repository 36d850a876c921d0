// Records with Polly.JS: node with_polly.js DIRECTORY. In Node it cannot keep the forms that uploads are.
import FetchAdapter from '@pollyjs/adapter-fetch';
import { Polly } from '@pollyjs/core';
import FSPersister from '@pollyjs/persister-fs';
import { play } from './app.js';

Polly.register(FetchAdapter);
Polly.register(FSPersister);
const polly = new Polly('recorded clients', {
  adapters: ['fetch'],
  persister: 'fs',
  persisterOptions: { fs: { recordingsDir: process.argv[2] } },
  recordFailedRequests: true,
});
await play({ uploads: false });
await polly.stop();
