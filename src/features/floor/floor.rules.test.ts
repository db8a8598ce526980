import fc from 'fast-check';
import { demoFloor, demoTables } from './demo-floor.js';
import { type TableStatus, tableStatuses } from './floor.model.js';
import { refusalByHand, refusalToSeat, stepsByHand, tableSteps } from './floor.rules.js';

const status = fc.constantFrom(...tableStatuses);

describe("a table's status", () => {
  it('is set by hand along legal steps only, and a refusal names them', () => {
    for (const from of tableStatuses) {
      for (const to of tableStatuses) {
        const refusal = refusalByHand('Table 12', from, to);
        if (stepsByHand(from).includes(to)) expect(refusal).toBeUndefined();
        else expect(refusal).toMatchObject({ code: 'illegal_step', details: { legal: stepsByHand(from) } });
      }
    }
  });

  it('becomes occupied, and ceases to be, by an order only', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(status, fc.constantFrom('seat' as const, 'free' as const)), { maxLength: 40 }),
        (steps) => {
          let now: TableStatus = 'available';
          let seated = false;
          for (const step of steps) {
            const before: TableStatus = now;
            if (step === 'seat') {
              if (refusalToSeat('Table 12', now) === undefined) [now, seated] = ['occupied', true];
            } else if (step === 'free') {
              if (seated) [now, seated] = ['dirty', false];
            } else if (refusalByHand('Table 12', now, step) === undefined) now = step;
            expect(now === 'occupied').toBe(seated);
            if (now !== before) expect(tableSteps[before]).toContain(now);
          }
        },
      ),
    );
  });

  it('never traps a table: from every status it can be available again', () => {
    for (const from of tableStatuses) {
      const reached = new Set<TableStatus>([from]);
      for (const one of reached) for (const next of tableSteps[one]) reached.add(next);
      expect(reached).toContain('available');
    }
  });
});

describe('the demo floor', () => {
  it('has 24 tables in 3 sections, none over another', () => {
    expect(demoFloor.sections).toHaveLength(3);
    expect(demoFloor.tables).toHaveLength(24);
    expect(new Set(demoFloor.tables.map(({ name }) => name)).size).toBe(24);
    for (const [index, one] of demoFloor.tables.entries()) {
      for (const other of demoFloor.tables.slice(index + 1)) {
        const apart =
          one.section !== other.section ||
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect([one.name, other.name, apart]).toEqual([one.name, other.name, true]);
      }
    }
  });

  it('finds its sections by name', () => {
    const ids = new Map(demoFloor.sections.map(({ name }, index) => [name, `section ${index}`]));
    expect(demoTables(ids)[23]).toMatchObject({ name: '46', sectionId: 'section 2' });
    expect(() => demoTables(new Map())).toThrow(/no section/);
  });
});
