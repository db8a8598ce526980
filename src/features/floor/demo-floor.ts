import type { TableShape } from './floor.model.js';

/** The input of `section:create`. */
export interface DemoSection {
  name: string;
  position: number;
}
/** The input of `table:create`, its section named instead of by id. */
export interface DemoTable {
  name: string;
  section: string;
  seats: number;
  shape: TableShape;
  x: number;
  y: number;
  width: number;
  height: number;
}

interface Row {
  section: string;
  first: number;
  /** Seats of each table, from left to right. */
  seats: readonly number[];
  y: number;
  shape: TableShape;
}

const rows: readonly Row[] = [
  { section: 'Dining room', first: 1, seats: [2, 2, 4, 4], y: 60, shape: 'square' },
  { section: 'Dining room', first: 5, seats: [4, 4, 4, 4], y: 260, shape: 'square' },
  { section: 'Dining room', first: 9, seats: [6, 6, 8, 10], y: 460, shape: 'rectangle' },
  { section: 'Terrace', first: 21, seats: [2, 2, 2], y: 60, shape: 'round' },
  { section: 'Terrace', first: 24, seats: [4, 4, 6], y: 260, shape: 'round' },
  { section: 'Bar', first: 41, seats: [1, 1, 1, 1], y: 60, shape: 'stool' },
  { section: 'Bar', first: 45, seats: [2, 2], y: 260, shape: 'round' },
];

const widths: Record<TableShape, (seats: number) => number> = {
  stool: () => 40,
  round: (seats) => 60 + seats * 10,
  square: (seats) => (seats > 2 ? 90 : 70),
  rectangle: (seats) => seats * 30,
};

/** Three sections and 24 tables, as the inputs of `section:create` and `table:create`. */
export const demoFloor: { sections: readonly DemoSection[]; tables: readonly DemoTable[] } = {
  sections: [
    { name: 'Dining room', position: 1 },
    { name: 'Terrace', position: 2 },
    { name: 'Bar', position: 3 },
  ],
  tables: rows.flatMap(({ section, first, seats, y, shape }) =>
    seats.map((places, index) => ({
      ...{ name: String(first + index), section, seats: places, shape, y },
      x: 60 + index * 340,
      width: widths[shape](places),
      height: shape === 'rectangle' ? 90 : widths[shape](places),
    })),
  ),
};

/** The demo tables as inputs of `table:create`. */
export function demoTables(
  sectionIds: ReadonlyMap<string, string>,
): (Omit<DemoTable, 'section'> & { sectionId: string })[] {
  return demoFloor.tables.map(({ section, ...table }) => {
    const sectionId = sectionIds.get(section);
    if (sectionId === undefined) throw new RangeError(`The demo floor has no section ${section}`);
    return { ...table, sectionId };
  });
}
