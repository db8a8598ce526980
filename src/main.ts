import { createApp } from './app.js';
import { seedDemo } from './demo/seed.js';
import { welcome } from './demo/welcome.js';
import { type Config, ConfigError, loadConfig } from './platform/config.js';
import { createLogger } from './platform/logger.js';

/** Boot: configuration, platform, app, the demo restaurant where it is wanted, listen. */
async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger(config.logging);
  const app = await createApp({ config, logger });
  const logins = config.features.demo ? await seedDemo(app) : undefined;
  const url = await app.listen();
  logger.info(`Brigade serves at ${url}`, { database: app.database.kind });
  if (config.features.demo || config.logging.format === 'pretty') greet(config, url, logins);
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

function greet({ socket, features, monitoring }: Config, url: string, logins: Awaited<ReturnType<typeof seedDemo>>) {
  const { docs } = features;
  process.stdout.write(welcome({ url, socketPath: socket.path, docs, metrics: monitoring.metrics, logins }));
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof ConfigError ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
});
