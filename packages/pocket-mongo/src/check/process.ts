import type { FromCheck } from './check.js';
import { checkFolder } from './folder.js';

// The process of a check. It ends by itself when its parent is gone, and what it says arrives before it ends.
const [path = ''] = process.argv.slice(2);
const say = (message: FromCheck) => new Promise<void>((resolve) => process.send?.(message, () => resolve()));
const progress = (what: string) => void say({ progress: what });
try {
  await say({ result: checkFolder(path, progress) });
} catch (error) {
  await say({ error: error instanceof Error ? error.message : String(error) });
}
process.disconnect();
