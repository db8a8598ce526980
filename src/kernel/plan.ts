/** What a restaurant is served under; each plan has its share of the rate limits (`RATE_LIMIT_PLANS`) and its quotas. */
export const planNames = ['standard', 'plus', 'enterprise'] as const;
export type Plan = (typeof planNames)[number];

/** How many documents of a kind a restaurant may have, so that no list and no memory of one grows without end. */
export interface Quota {
  /** What a person calls them: `tables`. */
  what: string;
  most: Readonly<Record<Plan, number>>;
  /** Only those count whose `field` has one of `values` (who works here, orders that are live). */
  only?: { field: string; values: readonly unknown[] };
}

/** So many on the plan `standard`; twice as many on `plus`, five times on `enterprise`. */
export const quota = (what: string, standard: number, only?: Quota['only']): Quota => ({
  what,
  most: { standard, plus: 2 * standard, enterprise: 5 * standard },
  ...(only && { only }),
});

export const countsFor = ({ only }: Quota, thing: object | undefined): boolean =>
  thing !== undefined && (only === undefined || only.values.includes(Reflect.get(thing, only.field)));
