import type { IncomingHttpHeaders } from 'node:http';

/** Where a request comes from: as many hops before the last one as there are proxies of ours in between. */
export function addressOf(headers: IncomingHttpHeaders, last: string | undefined, trustProxy: number): string {
  if (trustProxy === 0) return last ?? '';
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  const hops = [...forwarded.map((hop) => hop.trim()).filter((hop) => hop !== ''), last ?? ''];
  return hops.at(-1 - Math.min(trustProxy, hops.length - 1)) ?? last ?? '';
}
