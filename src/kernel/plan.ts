/** What a restaurant is served under; each plan has its share of the rate limits (`RATE_LIMIT_PLANS`). */
export const planNames = ['standard', 'plus', 'enterprise'] as const;
export type Plan = (typeof planNames)[number];
