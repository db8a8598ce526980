import { runProgram } from './platform/boot.js';
import { loadConfig } from './platform/config.js';
import { digestBy } from './platform/doors.js';
import { openDatabase } from './platform/mongo.js';
import { acceptPepper } from './platform/pepper-mark.js';

/** `npm run new-pepper`: the secrets that belong to these data are lost, and the present ones are to be theirs. */
runProgram(async () => {
  const config = loadConfig();
  const database = await openDatabase({ ...config.database, dataDir: config.server.dataDir });
  await acceptPepper(digestBy(config.security.pepper));
  await database.close();
  console.log(
    'The present PIN_PEPPER is taken: PINs have to be set, and devices paired, anew. Passwords are as they were.',
  );
});
