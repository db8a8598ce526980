import type { Value } from '../bson/values.js';
import { CommandError } from '../errors.js';

/** Boundaries that people like: the next one above a number, and the one below it. */
export interface Rounder {
  up(value: number): number;
  down(value: number): number;
}

const R40 = [
  100, 106, 112, 118, 125, 132, 140, 150, 160, 170, 180, 190, 200, 212, 224, 236, 250, 265, 280, 300, 315, 335, 355,
  375, 400, 425, 450, 475, 500, 530, 560, 600, 630, 670, 710, 750, 800, 850, 900, 950,
];
const BETWEEN_R40 = [
  103, 109, 115, 122, 128, 136, 145, 155, 165, 175, 185, 195, 206, 218, 230, 243, 258, 272, 290, 307, 325, 345, 365,
  387, 412, 437, 462, 487, 515, 545, 575, 615, 650, 690, 730, 775, 825, 875, 925, 975,
];

/** The E series of three digits follow a formula, but for one value. */
function eSeries(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.round(100 * 10 ** (i / count))).map((value) =>
    count === 192 && value === 919 ? 920 : value,
  );
}

/** Preferred numbers within one power of ten. */
const SERIES: Readonly<Record<string, readonly number[]>> = {
  R5: [10, 16, 25, 40, 63],
  R10: [100, 125, 160, 200, 250, 315, 400, 500, 630, 800],
  R20: R40.filter((_, i) => i % 2 === 0),
  R40,
  R80: [...R40, ...BETWEEN_R40].sort((a, b) => a - b),
  '1-2-5': [10, 20, 50],
  E6: [10, 15, 22, 33, 47, 68],
  E12: [10, 12, 15, 18, 22, 27, 33, 39, 47, 56, 68, 82],
  E24: [10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91],
  E48: eSeries(48),
  E96: eSeries(96),
  E192: eSeries(192),
};

const POWERS_OF_TWO: Rounder = {
  up: (value) => (value === 0 ? 0 : 2 ** (Math.floor(Math.log2(value)) + 1)),
  down: (value) => (value === 0 ? 0 : 2 ** (Math.ceil(Math.log2(value)) - 1)),
};

/** @throws CommandError 40257 or 40261 when there is no such granularity. */
export function rounderOf(granularity: Value): Rounder {
  if (typeof granularity !== 'string')
    throw new CommandError(40261, "The $bucketAuto 'granularity' field must be a string");
  if (granularity === 'POWERSOF2') return POWERS_OF_TWO;
  const series = Object.hasOwn(SERIES, granularity) ? SERIES[granularity] : undefined;
  if (!series) throw new CommandError(40257, `Unknown rounding granularity '${granularity}'`);
  return { up: (value) => above(series, value), down: (value) => below(series, value) };
}

/** The series at a power of ten; a division keeps the decimals short where a product would not. */
function scaled(value: number, power: number): number {
  return power < 0 ? value / 10 ** -power : value * 10 ** power;
}

function powerOf(series: readonly number[], value: number): number {
  return Math.floor(Math.log10(value / (series[0] as number)));
}

function above(series: readonly number[], value: number): number {
  if (value === 0) return 0;
  for (let power = powerOf(series, value) - 1; ; power++)
    for (const one of series) if (scaled(one, power) > value) return scaled(one, power);
}

function below(series: readonly number[], value: number): number {
  if (value === 0) return 0;
  for (let power = powerOf(series, value) + 1; ; power--)
    for (let i = series.length - 1; i >= 0; i--) {
      const one = scaled(series[i] as number, power);
      if (one < value) return one;
    }
}
