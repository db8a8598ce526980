/**
 * Which names in the environment look like a setting of ours and are none: a switch that somebody believes to have
 * thrown. The rest of the environment (PATH, npm_*, what Kubernetes and systemd add) belongs to others.
 */

/** First words that only our settings have. REDIS_ and MONGODB_ are left to others: whoever runs those sets them too. */
const FAMILIES: ReadonlySet<string> = new Set([
  ...['RATE', 'LOG', 'JWT', 'FEATURE', 'CACHE', 'SOCKET', 'CORS', 'ARGON2', 'JOURNAL', 'PIN', 'DUTY', 'SHUTDOWN'],
  ...['TRUST', 'BODY', 'METRICS', 'SIGN', 'DEMO'],
]);

/** What others put into the environment of every process: systemd, npm, Node, Kubernetes for a service of any name. */
const FOREIGN: readonly RegExp[] = [
  /^(?:NODE|npm)_(?!ENV)/i,
  /^JOURNAL_STREAM$|^(?:CACHE|STATE|RUNTIME|LOGS|CONFIGURATION)_DIRECTORY$/,
  /_SERVICE_(?:HOST|PORT(?:_.*)?)$/,
  /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/,
];

/** `REDIS_PORT=tcp://10.0.0.7:6379`, as Kubernetes sets it for a service called redis; never a value of ours. */
export function isServiceAddress(name: string, value: string): boolean {
  return name.endsWith('_PORT') && /^(?:tcp|udp|sctp):\/\//.test(value);
}

/** The setting that is most like this name; undefined where none is. */
export function nearestSetting(name: string, settings: readonly string[]): string | undefined {
  const written = name.toUpperCase();
  let best: { setting: string; distance: number } | undefined;
  for (const setting of settings) {
    const distance = unlikeness(written, setting);
    if (distance <= allowed(setting) && distance < (best?.distance ?? Number.POSITIVE_INFINITY))
      best = { setting, distance };
  }
  return best?.setting ?? settings.find((setting) => isPartOf(written, setting)) ?? kin(written, settings);
}

/** Whether a name that is no setting was meant to be one. */
export function looksLikeASetting(name: string, settings: readonly string[]): boolean {
  if (FOREIGN.some((pattern) => pattern.test(name))) return false;
  const written = name.toUpperCase();
  // Small letters are other programs' (http_proxy), unless the name is a setting but for them.
  if (written !== name) return settings.includes(written) && name.includes('_');
  const [first = ''] = name.split('_');
  if (name.includes('_') && FAMILIES.has(first)) return true;
  return settings.some((setting) => unlikeness(name, setting) <= allowed(setting) || isPartOf(name, setting));
}

/** Slips that are forgiven: in a short name another one is soon another word (HOST and HOME). */
function allowed(setting: string): number {
  return setting.length > 7 ? 2 : 1;
}

/** `DEMO` of FEATURE_DEMO; `LOG_MAX` of LOG_MAX_DAYS; `JWT_SECRET_FILE`, which would be a file for JWT_SECRET. */
function isPartOf(name: string, setting: string): boolean {
  if (setting === `FEATURE_${name}`) return true;
  return (
    name.includes('_') && (setting.startsWith(`${name}_`) || (setting.includes('_') && name.startsWith(`${setting}_`)))
  );
}

/** The setting of the same family with which it shares the most letters at the start. */
function kin(name: string, settings: readonly string[]): string | undefined {
  const family = settings.filter((setting) => setting.split('_')[0] === name.split('_')[0]);
  const shared = (setting: string): number => {
    let length = 0;
    while (length < name.length && name[length] === setting[length]) length += 1;
    return length;
  };
  return family.sort((a, b) => shared(b) - shared(a) || unlikeness(name, a) - unlikeness(name, b))[0];
}

/** Slips between two words (Damerau and Levenshtein): a letter more, a letter less, another letter, two swapped. */
function unlikeness(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 8) return Number.POSITIVE_INFINITY;
  let older: number[] = [];
  let old = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min((old[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (old[j - 1] ?? 0) + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (older[j - 2] ?? 0) + 1);
      row.push(least);
    }
    older = old;
    old = row;
  }
  return old[b.length] ?? 0;
}
