import { runProgram } from './platform/boot.js';
import { loadConfig } from './platform/config.js';
import { openDatabase } from './platform/mongo.js';
import { changeEpochs } from './runtime/journal.js';

/** `npm run new-epoch`: to be run once after a backup was restored, before the server starts again. */
runProgram(async () => {
  const config = loadConfig();
  const database = await openDatabase({ ...config.database, dataDir: config.server.dataDir });
  const restaurants = await changeEpochs();
  await database.close();
  console.log(`A new epoch began in ${restaurants} restaurant(s): every screen will take a new snapshot.`);
});
