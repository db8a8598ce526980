import { createApp } from './app.js';
import { ConfigError, loadConfig } from './platform/config.js';
import { createLogger } from './platform/logger.js';

/** Boot: configuration, platform, app, listen. */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logging);
  const app = await createApp({ config, logger });
  const url = await app.listen();
  logger.info(`Brigade serves at ${url}`, { database: app.database.kind });
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info(`${signal}: finishing what is under way`);
    await app.stop();
    await logger.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void stop(signal));
  process.on('unhandledRejection', (error) => logger.error('A promise was rejected unhandled', { error }));
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
