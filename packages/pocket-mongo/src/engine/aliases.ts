/** The other names of commands. */
const ALIASES: Readonly<Record<string, string>> = {
  buildinfo: 'buildInfo',
  collstats: 'collStats',
  datasize: 'dataSize',
  dbstats: 'dbStats',
  deleteIndexes: 'dropIndexes',
  findandmodify: 'findAndModify',
  ismaster: 'isMaster',
};

/** The name by which a command goes, whichever it was called by. */
export function properName(name: string): string {
  return Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name;
}
