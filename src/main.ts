import { type App, createApp } from './app.js';
import { demoLogins, seedDemo } from './demo/seed.js';
import { welcome } from './demo/welcome.js';
import { runProgram } from './platform/boot.js';
import { type Config, loadConfig } from './platform/config.js';
import { createLogger } from './platform/logger.js';

/** Boot: configuration, platform, app, the demo restaurant where it is wanted, listen. */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logging);
  const app = await createApp({ config, logger });
  if (config.features.demo) await seedDemo(app);
  const url = await app.listen();
  logger.info(`Brigade serves at ${url}`, { database: app.database.kind, metrics: app.metricsUrl() });
  // Whoever started this process with a channel (npm run cluster) hears where it listens and that it serves.
  process.send?.({ listening: app.port() });
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info(`${signal}: finishing what is under way`);
    await app.stop();
    logger.info('Everything under way is finished; Brigade has stopped');
    await logger.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(signal));
  if (process.channel) process.on('disconnect', () => void stop('Whoever started this process is gone'));
  process.on('unhandledRejection', (error) => logger.error('A promise was rejected unhandled', { error }));
  if (config.features.demo || config.logging.format === 'pretty')
    await greet(config, app, url).catch((error: unknown) => logger.error('The log-ins cannot be shown', { error }));
}

/** Links, and in a demo the log-ins; read once it serves, so that nobody waits for them. */
async function greet({ socket, features }: Config, app: App, url: string): Promise<void> {
  const logins = features.demo ? await demoLogins(app) : undefined;
  const links = { url, socketPath: socket.path, docs: features.docs, metrics: app.metricsUrl() };
  process.stdout.write(welcome({ ...links, logins }));
}

runProgram(main);
