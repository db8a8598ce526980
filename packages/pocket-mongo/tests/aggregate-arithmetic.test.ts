import { Decimal128, Double, Int32, Long } from 'mongodb';
import { codeOf, date, decimal, double, evaluate, int, long } from './aggregation.js';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const d = (text: string) => Decimal128.fromString(text);
const at = new Date('2026-03-01T12:00:00Z');

describe('arithmetic', () => {
  const cases: [string, unknown, unknown][] = [
    ['int32 stays int32', { $add: [1, 2] }, int(3)],
    ['int32 grows into int64', { $add: [2147483647, 1] }, long('2147483648')],
    ['int64 stays int64', { $add: [Long.fromNumber(1), 2] }, long(3)],
    ['int64 overflow is a double', { $add: [Long.MAX_VALUE, 1] }, double('9223372036854775808.0')],
    ['a double makes a double', { $add: [1, new Double(2)] }, double(3)],
    ['decimals are exact', { $add: [d('0.1'), d('0.2')] }, decimal('0.3')],
    ['a double counts with 15 digits beside a decimal', { $add: [d('1'), 0.1] }, decimal('1.100000000000000')],
    ['nothing to add', { $add: [] }, int(0)],
    ['null wins', { $add: [1, null] }, null],
    ['missing is null', { $add: [1, '$none'] }, null],
    ['date and number', { $add: [at, 1500] }, date('2026-03-01T12:00:01.500Z')],
    ['number and date', { $add: [1, at, 1] }, date('2026-03-01T12:00:00.002Z')],
    ['subtract int32', { $subtract: [-2147483648, 1] }, long('-2147483649')],
    ['subtract dates', { $subtract: [at, new Date(at.getTime() - 5)] }, long(5)],
    ['subtract from a date', { $subtract: [at, 1000] }, date('2026-03-01T11:59:59Z')],
    ['multiply int32', { $multiply: [65536, 65536] }, long('4294967296')],
    ['multiply decimals', { $multiply: [d('1.10'), 3] }, decimal('3.30')],
    ['divide gives a double', { $divide: [4, 2] }, double(2)],
    ['divide decimals to 34 digits', { $divide: [d('1'), 3] }, decimal('0.3333333333333333333333333333333333')],
    ['divide decimals evenly', { $divide: [d('10'), d('4')] }, decimal('2.5')],
    ['mod has the sign of the dividend', { $mod: [-7, 3] }, int(-1)],
    ['mod of a double', { $mod: [7.5, 2] }, double('1.5')],
    ['mod by a whole double stays int32', { $mod: [7, new Double(4)] }, int(3)],
    ['mod of int64', { $mod: [Long.fromNumber(7), 4] }, long(3)],
    ['mod of decimals', { $mod: [d('5.5'), 2] }, decimal('1.5')],
    ['abs', { $abs: -3 }, int(3)],
    ['abs of the least int32', { $abs: -2147483648 }, long('2147483648')],
    ['ceil of a double', { $ceil: 1.2 }, double(2)],
    ['ceil of an int', { $ceil: 1 }, int(1)],
    ['floor of a decimal', { $floor: d('-1.2') }, decimal('-2')],
    ['round half to even', { $round: [2.5] }, double(2)],
    ['round half to even up', { $round: 3.5 }, double(4)],
    ['round looks at the exact value', { $round: [2.675, 2] }, double('2.67')],
    ['round before the point', { $round: [1250, -2] }, int(1200)],
    ['round a decimal', { $round: [d('1.005'), 2] }, decimal('1.00')],
    ['trunc', { $trunc: [-7.85, 1] }, double('-7.8')],
    ['trunc before the point', { $trunc: [19, -1] }, int(10)],
    ['round to a null place', { $round: [1.5, null] }, null],
    ['pow of ints', { $pow: [2, 10] }, int(1024)],
    ['pow grows into int64', { $pow: [2, 40] }, long('1099511627776')],
    ['pow overflow is a double', { $pow: [10, 30] }, double('1e+30')],
    ['pow with a negative exponent', { $pow: [2, -1] }, double('0.5')],
    ['pow of a decimal', { $pow: [d('1.1'), 2] }, decimal('1.21')],
    ['sqrt', { $sqrt: 16 }, double(4)],
    ['sqrt of a decimal', { $sqrt: d('2') }, decimal('1.414213562373095048801688724209698')],
    ['exp of a decimal', { $exp: d('1') }, decimal('2.718281828459045235360287471352662')],
    ['ln of a decimal', { $ln: d('10') }, decimal('2.302585092994045684017991454684364')],
    ['log10', { $log10: 1000 }, double(3)],
    ['log', { $log: [8, 2] }, double(3)],
    ['sin of a decimal', { $sin: d('1') }, decimal('0.8414709848078965066525023216302990')],
    ['atan of a decimal', { $atan: d('1') }, decimal('0.7853981633974483096156608458198757')],
    ['cosh of a decimal', { $cosh: d('1') }, decimal('1.543080634815243778477905620757062')],
    ['cos', { $cos: 0 }, double(1)],
    ['degrees', { $degreesToRadians: 180 }, double('3.141592653589793')],
    ['bitAnd', { $bitAnd: [12, 10] }, int(8)],
    ['bitOr with int64', { $bitOr: [12, Long.fromNumber(3)] }, long(15)],
    ['bitXor', { $bitXor: [12, 10] }, int(6)],
    ['bitNot', { $bitNot: 0 }, int(-1)],
    ['isNumber', { $isNumber: d('1') }, true],
    ['int and double are equal', { $eq: [new Int32(1), new Double(1)] }, true],
    ['cmp over types', { $cmp: ['a', 1] }, int(1)],
    ['missing is below null', { $lt: ['$none', null] }, true],
    ['hashed key of a number', { $toHashedIndexKey: 1 }, long('5902408780260971510')],
  ];
  test.each(cases)('%s', async (...[, expression, expected]) => {
    expect(await evaluate(database.db, expression)).toEqual(expected);
  });

  const errors: [string, unknown, number][] = [
    ['$add of a string', { $add: ['a', 1] }, 14],
    ['$add of two dates', { $add: [at, at] }, 16612],
    ['$subtract of a string', { $subtract: ['a', 1] }, 14],
    ['$subtract of one argument', { $subtract: [1] }, 16020],
    ['$divide by zero', { $divide: [1, 0] }, 2],
    ['$mod by zero', { $mod: [1, 0] }, 16610],
    ['$mod of a string', { $mod: ['a', 1] }, 16611],
    ['$abs of a string', { $abs: 'a' }, 28765],
    ['$sqrt of a negative number', { $sqrt: -1 }, 28714],
    ['$ln of zero', { $ln: 0 }, 28766],
    ['$log10 of zero', { $log10: 0 }, 28761],
    ['$log to the base 1', { $log: [1, 1] }, 28759],
    ['$pow of zero', { $pow: [0, -1] }, 28764],
    ['$round of a string', { $round: 'a' }, 51081],
    ['$round to a broken place', { $round: [1, 1.5] }, 51082],
    ['$round too far', { $round: [1, 101] }, 51083],
    ['$round of three', { $round: [1, 2, 3] }, 28667],
    ['$acos out of its domain', { $acos: 2 }, 50989],
    ['$bitAnd of a double', { $bitAnd: [1.5] }, 14],
    ['two operators in one', { $add: [1], $subtract: [1, 2] }, 15983],
    ['an unknown operator', { $nonsense: 1 }, 168],
    ['an unknown variable', '$$nonsense', 17276],
    ['a bare dollar', '$', 16872],
    ['a path that ends with a dot', '$a.', 40353],
    ['an empty name in a path', '$a..b', 15998],
    ['a dotted field in an object', { 'a.b': 1 }, 16412],
    ['$function', { $function: { body: 'x', args: [], lang: 'js' } }, 238],
  ];
  test.each(errors)('refuses %s', async (...[, expression, code]) => {
    expect(await codeOf(database.db, expression)).toBe(code);
  });
});
