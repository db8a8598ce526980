import { demoMenu } from './demo-menu.js';
import { menuFileSchema } from './menu-file.js';
import { planImport } from './menu-import.js';

const nothingYet = { categories: [], groups: [], items: [] };
const setting = {
  mode: 'replace' as const,
  currency: 'EUR',
  taxClasses: ['food', 'alcohol'],
  allergens: [],
  additives: [],
};

describe('the demo menu', () => {
  it('is a valid file of about 80 items in 8 categories', () => {
    expect(menuFileSchema.validate(demoMenu, { convert: false }).error).toBeUndefined();
    const plan = planImport(demoMenu, nothingYet, setting);
    expect(plan.categories).toHaveLength(8);
    expect(plan.items.length).toBeGreaterThanOrEqual(75);
    expect(plan.items.length).toBeLessThanOrEqual(85);
  });

  it('shows what a menu can be: counted portions, happy hour, a lunch daypart, nested groups, sizes, numbers', () => {
    const { items, groups } = planImport(demoMenu, nothingYet, setting);
    expect(items.filter(({ fields }) => fields.remaining !== undefined)).toHaveLength(1);
    expect(items.some(({ fields }) => fields.priceRules.length > 0)).toBe(true);
    expect(items.some(({ fields }) => fields.availability.dayparts.length > 0)).toBe(true);
    expect(items.some(({ fields }) => fields.sizes.length > 1)).toBe(true);
    expect(groups.some(({ fields }) => fields.options.some(({ nestedGroupIds }) => nestedGroupIds.length > 0))).toBe(
      true,
    );
    expect(items.some(({ fields }) => fields.number !== undefined)).toBe(true);
    const options = groups.flatMap(({ fields }) => fields.options);
    expect(options.some(({ allergens }) => allergens?.contains.includes('eggs'))).toBe(true);
    expect(options.some(({ price }) => price < 0)).toBe(true);
    expect(items.every(({ fields }) => fields.sizes.length > 0 || fields.price !== undefined)).toBe(true);
  });
});
