import { integer, product, quotient } from '../bson/arithmetic.js';
import {
  acosExact,
  acoshExact,
  asinExact,
  asinhExact,
  atanExact,
  atanhExact,
  cosExact,
  coshExact,
  expExact,
  lnExact,
  log10Exact,
  piFixed,
  sinExact,
  sinhExact,
  sqrtExact,
  tanhExact,
} from '../bson/decimal-functions.js';
import {
  decimalOf,
  type Exact,
  exact,
  isInteger,
  isNumeric,
  type Numeric,
  nearest,
  toDecimal,
} from '../bson/numbers.js';
import { Decimal128, toDouble, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { binaryOperator, missing, type Operator, type Operators, typeName, unaryOperator } from './operator.js';

interface Real {
  readonly double: (value: number) => number;
  /** Of a decimal; without it the double's result is taken. */
  readonly decimal: (value: Exact) => Exact;
  readonly check?: (value: number, name: string) => void;
}

/** A function of a real number: of a decimal a decimal, of other numbers a double. */
function real({ double, decimal, check }: Real): Operator {
  return unaryOperator((value, _, name) => {
    if (missing(value)) return null;
    if (!isNumeric(value)) throw new CommandError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    const near = nearest(value);
    if (!Number.isNaN(near)) check?.(near, name);
    return realOf(value, double, decimal);
  });
}

function realOf(value: Numeric, double: (value: number) => number, decimal: (value: Exact) => Exact): Numeric {
  const given = value instanceof Decimal128 ? exact(value) : undefined;
  if (given) return toDecimal(decimal(given));
  const result = toDouble(double(nearest(value)));
  return value instanceof Decimal128 ? decimalOf(result) : result;
}

/** 50989: an argument out of a function's domain. */
function domain(low: number, high: number, text: string): (value: number, name: string) => void {
  return (value, name) => {
    if (value < low || value > high)
      throw new CommandError(50989, `cannot apply ${name} to ${value}, value must be in ${text}`);
  };
}

const finite = domain(-Number.MAX_VALUE, Number.MAX_VALUE, '(-inf,inf)');
const unit = domain(-1, 1, '[-1,1]');

function positive(code: number): (value: number, name: string) => void {
  return (value, name) => {
    if (value <= 0) throw new CommandError(code, `${name}'s argument must be a positive number, but is ${value}`);
  };
}

const tanExact = (value: Exact) => {
  const result = quotient(toDecimal(sinExact(value)), toDecimal(cosExact(value)));
  return exact(result) as Exact;
};

const PI = toDecimal({ digits: piFixed(60), exponent: -60 });

/** Degrees to radians and back. */
function turned(double: number, decimal: (value: Decimal128) => Numeric): Operator {
  return unaryOperator((value, _, name) => {
    if (missing(value)) return null;
    if (!isNumeric(value)) throw new CommandError(28765, `${name} only supports numeric types, not ${typeName(value)}`);
    return value instanceof Decimal128 ? decimal(value) : toDouble(nearest(value) * double);
  });
}

function power(base: Value, exponent: Value): Value {
  if (missing(base) || missing(exponent)) return null;
  if (!isNumeric(base)) throw new CommandError(28762, `$pow's base must be numeric, not ${typeName(base)}`);
  if (!isNumeric(exponent)) throw new CommandError(28763, `$pow's exponent must be numeric, not ${typeName(exponent)}`);
  const [x, y] = [nearest(base), nearest(exponent)];
  if (x === 0 && y < 0) throw new CommandError(28764, '$pow cannot take a base of 0 and a negative exponent');
  if (base instanceof Decimal128 || exponent instanceof Decimal128) return decimalPower(base, exponent);
  if (!isInteger(base) || !isInteger(exponent)) return toDouble(x ** y);
  const wide = typeof base === 'bigint' || typeof exponent === 'bigint';
  if (y < 0) {
    if (x === 1 || x === -1) return integer(x === 1 || y % 2 === 0 ? 1n : -1n, wide);
    return toDouble(x ** y);
  }
  if (Math.abs(x) > 1 && y > 63) return toDouble(x ** y);
  return integer(BigInt(base) ** BigInt(exponent), wide);
}

function decimalPower(base: Numeric, exponent: Numeric): Value {
  const [x, y] = [exact(decimalOf(base)), exact(decimalOf(exponent))];
  const near = nearest(base) ** nearest(exponent);
  if (!x || !y || Number.isNaN(near)) return decimalOf(toDouble(near));
  if (Number.isInteger(nearest(exponent)) && Math.abs(nearest(exponent)) < 1000) {
    const times = BigInt(Math.abs(nearest(exponent)));
    const raised = toDecimal({ digits: x.digits ** times, exponent: x.exponent * Number(times) });
    return nearest(exponent) < 0 ? quotient(decimalOf(1), raised) : raised;
  }
  if (x.digits === 0n) return decimalOf(0);
  const ln = lnExact(x.digits < 0n ? { digits: -x.digits, exponent: x.exponent } : x);
  return toDecimal(expExact({ digits: ln.digits * y.digits, exponent: ln.exponent + y.exponent }));
}

function log(value: Value, base: Value): Value {
  if (missing(value) || missing(base)) return null;
  if (!isNumeric(value)) throw new CommandError(28756, `$log's argument must be numeric, not ${typeName(value)}`);
  if (!isNumeric(base)) throw new CommandError(28757, `$log's base must be numeric, not ${typeName(base)}`);
  const [x, b] = [nearest(value), nearest(base)];
  if (x <= 0) throw new CommandError(28758, `$log's argument must be a positive number, but is ${x}`);
  if (b <= 0 || b === 1)
    throw new CommandError(28759, `$log's base must be a positive number not equal to 1, but is ${b}`);
  if (value instanceof Decimal128 || base instanceof Decimal128) {
    const [p, q] = [exact(decimalOf(value)), exact(decimalOf(base))];
    if (p && q) return quotient(toDecimal(lnExact(p)), toDecimal(lnExact(q)));
  }
  return toDouble(Math.log(x) / Math.log(b));
}

function atan2(y: Value, x: Value): Value {
  if (missing(y) || missing(x)) return null;
  if (!isNumeric(y) || !isNumeric(x))
    throw new CommandError(51044, `$atan2 only supports numeric types, not ${typeName(y)} and ${typeName(x)}`);
  if (!(y instanceof Decimal128) && !(x instanceof Decimal128)) return toDouble(Math.atan2(nearest(y), nearest(x)));
  const ratio = nearest(x) === 0 ? undefined : exact(quotient(decimalOf(y), decimalOf(x)));
  if (!ratio || nearest(x) < 0) return decimalOf(toDouble(Math.atan2(nearest(y), nearest(x))));
  return toDecimal(atanExact(ratio));
}

/** Roots, powers, logarithms, trigonometry. */
export const floatOperators: Operators = {
  $sqrt: real({
    double: Math.sqrt,
    decimal: sqrtExact,
    check: (value) => {
      if (value < 0) throw new CommandError(28714, "$sqrt's argument must be greater than or equal to 0");
    },
  }),
  $exp: real({ double: Math.exp, decimal: expExact }),
  $ln: real({ double: Math.log, decimal: lnExact, check: positive(28766) }),
  $log10: real({ double: Math.log10, decimal: log10Exact, check: positive(28761) }),
  $log: binaryOperator(log),
  $pow: binaryOperator(power),
  $sin: real({ double: Math.sin, decimal: sinExact, check: finite }),
  $cos: real({ double: Math.cos, decimal: cosExact, check: finite }),
  $tan: real({ double: Math.tan, decimal: tanExact, check: finite }),
  $asin: real({ double: Math.asin, decimal: asinExact, check: unit }),
  $acos: real({ double: Math.acos, decimal: acosExact, check: unit }),
  $atan: real({ double: Math.atan, decimal: atanExact }),
  $atan2: binaryOperator(atan2),
  $sinh: real({ double: Math.sinh, decimal: sinhExact }),
  $cosh: real({ double: Math.cosh, decimal: coshExact }),
  $tanh: real({ double: Math.tanh, decimal: tanhExact }),
  $asinh: real({ double: Math.asinh, decimal: asinhExact }),
  $acosh: real({ double: Math.acosh, decimal: acoshExact, check: domain(1, Number.POSITIVE_INFINITY, '[1,inf]') }),
  $atanh: real({ double: Math.atanh, decimal: atanhExact, check: unit }),
  $degreesToRadians: turned(Math.PI / 180, (value) => quotient(product(value, PI), 180)),
  $radiansToDegrees: turned(180 / Math.PI, (value) => quotient(product(value, 180), PI)),
};
