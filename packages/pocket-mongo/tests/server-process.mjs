// A server in a process of its own, for tests that kill it or look at its memory. Says its URI when it is ready.
import { createServer } from 'pocket-mongo';

const [dir, options = '{}'] = process.argv.slice(2);
const server = await createServer({ dir, ...JSON.parse(options) });
process.send({ uri: server.uri });
// The engine's thread alone keeps no process alive; the channel to the test does.
process.on('message', () => undefined);
