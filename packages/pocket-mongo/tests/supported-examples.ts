import { Binary, type Document, ObjectId } from 'mongodb';

/** For each kind an argument for every name that is said to be supported; see supported.test.ts. */
export type Examples = Readonly<Record<string, unknown>>;

/** The same argument for several names. */
function all(names: string, argument: unknown): Examples {
  return Object.fromEntries(names.split(' ').map((name) => [name, argument]));
}

const DATE = new Date('2026-03-01T12:00:00Z');

export const queryExamples: Examples = {
  ...all('$eq $ne $gt $gte $lt $lte', 1),
  ...all('$in $nin $all', [1]),
  ...all('$and $or $nor', [{ a: 1 }]),
  ...all('$bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet', 1),
  ...all('$alwaysTrue $alwaysFalse $sampleRate $size', 1),
  $not: { $gt: 1 },
  $exists: true,
  $type: 'int',
  $expr: { $gt: ['$a', 0] },
  $jsonSchema: { required: ['a'] },
  $mod: [2, 0],
  $regex: 'a',
  $options: 'i',
  $elemMatch: { $gt: 1 },
  $comment: 'why',
};

/** Which stand in the place of a field. */
export const TOP_LEVEL = '$and $or $nor $expr $jsonSchema $comment $sampleRate $alwaysTrue $alwaysFalse'.split(' ');

export const projectionExamples: Readonly<Record<string, Document>> = {
  $: { 'list.$': 1 },
  $elemMatch: { list: { $elemMatch: { $gt: 1 } } },
  $slice: { list: { $slice: 1 } },
};

export const updateExamples: Examples = {
  ...all('$inc $min $max $mul $set $setOnInsert', { n: 2 }),
  ...all('$addToSet $push $pull', { list: 2 }),
  $unset: { n: '' },
  $rename: { n: 'm' },
  $currentDate: { at: true },
  $pop: { list: 1 },
  $pullAll: { list: [1] },
  $bit: { n: { or: 1 } },
};

export const pushExamples: Examples = { $each: [3], $position: 0, $slice: 2, $sort: -1 };

export const stageExamples: Examples = {
  ...all('$addFields $set', { b: 1 }),
  ...all('$collStats $indexStats $listSessions $planCacheStats $sort', {}),
  ...all('$limit $skip', 1),
  $sort: { n: 1 },
  $bucket: { groupBy: '$n', boundaries: [0, 10], default: 'other' },
  $bucketAuto: { groupBy: '$n', buckets: 2 },
  $changeStream: {},
  $changeStreamSplitLargeEvent: {},
  $count: 'n',
  $currentOp: {},
  $densify: { field: 'n', range: { step: 1, bounds: 'full' } },
  $documents: [{ n: 1 }],
  $facet: { all: [{ $match: {} }] },
  $fill: { output: { n: { value: 1 } } },
  $graphLookup: { from: 'c', startWith: '$n', connectFromField: 'n', connectToField: 'm', as: 'found' },
  $group: { _id: '$n' },
  $listLocalSessions: {},
  $lookup: { from: 'c', localField: 'n', foreignField: 'n', as: 'found' },
  $match: { n: 1 },
  $merge: { into: 'target' },
  $out: 'target',
  $project: { n: 1 },
  $redact: '$$KEEP',
  $replaceRoot: { newRoot: { a: 1 } },
  $replaceWith: { a: 1 },
  $sample: { size: 1 },
  $setWindowFields: { sortBy: { n: 1 }, output: { r: { $rank: {} } } },
  $sortByCount: '$n',
  $unionWith: 'c',
  $unset: 'n',
  $unwind: '$list',
};

export const expressionExamples: Examples = {
  ...all(
    '$abs $ceil $exp $floor $ln $log10 $sqrt $bitNot $acos $asin $atan $atanh $cos $cosh $degreesToRadians $radiansToDegrees $sin $sinh $tan $tanh $asinh $acosh $round $trunc $toHashedIndexKey',
    [1],
  ),
  $atanh: 0.5,
  ...all(
    '$add $multiply $subtract $divide $mod $pow $log $atan2 $cmp $eq $gt $gte $lt $lte $ne $bitAnd $bitOr $bitXor',
    [8, 2],
  ),
  ...all('$and $or $not $isNumber $toBool $toDecimal $toDouble $toInt $toLong $toString $type $isArray', [1]),
  ...all('$avg $max $min $stdDevPop $stdDevSamp $sum', [[1, 2]]),
  ...all('$first $last $size $reverseArray $allElementsTrue $anyElementTrue', [[1, 2]]),
  ...all('$firstN $lastN $maxN $minN', { input: [1, 2], n: 1 }),
  ...all('$setDifference $setEquals $setIntersection $setIsSubset $setUnion $concatArrays', [[1], [1, 2]]),
  ...all(
    '$dateToParts $dateToString $dayOfMonth $dayOfWeek $dayOfYear $hour $isoDayOfWeek $isoWeek $isoWeekYear $millisecond $minute $month $second $week $year',
    { date: DATE },
  ),
  ...all('$dateAdd $dateSubtract', { startDate: DATE, unit: 'day', amount: 1 }),
  ...all('$ltrim $rtrim $trim', { input: ' a ' }),
  ...all('$regexFind $regexFindAll $regexMatch', { input: 'abc', regex: 'b' }),
  ...all('$replaceAll $replaceOne', { input: 'abc', find: 'b', replacement: 'x' }),
  ...all('$strLenBytes $strLenCP $toLower $toUpper $binarySize', 'abc'),
  ...all('$substr $substrBytes $substrCP', ['abc', 0, 1]),
  ...all('$indexOfBytes $indexOfCP $split $strcasecmp $concat', ['abc', 'b']),
  ...all('$tsIncrement $tsSecond', '$$CLUSTER_TIME'),
  $arrayElemAt: [[1, 2], 0],
  $arrayToObject: [[['a', 1]]],
  $bsonSize: { a: 1 },
  $cond: [true, 1, 2],
  $convert: { input: '1', to: 'int' },
  $dateDiff: { startDate: DATE, endDate: DATE, unit: 'day' },
  $dateFromParts: { year: 2026 },
  $dateFromString: { dateString: '2026-01-01' },
  $dateTrunc: { date: DATE, unit: 'month', timezone: 'Europe/Berlin' },
  $filter: { input: [1, 2], cond: { $gt: ['$$this', 1] } },
  $getField: { field: 'a', input: { a: 1 } },
  $ifNull: [null, 1],
  $in: [1, [1]],
  $indexOfArray: [[1, 2], 2],
  $let: { vars: { x: 1 }, in: '$$x' },
  $literal: '$a',
  $map: { input: [1], in: '$$this' },
  $median: { input: [1, 2], method: 'approximate' },
  $mergeObjects: [{ a: 1 }, { b: 2 }],
  $objectToArray: { a: 1 },
  $percentile: { input: [1, 2], p: [0.5], method: 'approximate' },
  $rand: {},
  $range: [0, 3],
  $reduce: { input: [1, 2], initialValue: 0, in: { $add: ['$$value', '$$this'] } },
  $setField: { field: 'a', input: { a: 1 }, value: 2 },
  $slice: [[1, 2], 1],
  $sortArray: { input: [2, 1], sortBy: 1 },
  // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
  $switch: { branches: [{ case: true, then: 1 }] },
  $toDate: DATE,
  $toObjectId: new ObjectId().toHexString(),
  $toUUID: '8e6b1f8c-3c7e-4f0f-9b0a-0c9a3b1f5d11',
  $unsetField: { field: 'a', input: { a: 1 } },
  $zip: { inputs: [[1], [2]] },
};

export const accumulatorExamples: Examples = {
  ...all('$addToSet $avg $first $last $max $min $push $stdDevPop $stdDevSamp $sum', '$n'),
  ...all('$firstN $lastN $maxN $minN', { input: '$n', n: 1 }),
  ...all('$top $bottom', { sortBy: { n: 1 }, output: '$n' }),
  ...all('$topN $bottomN', { sortBy: { n: 1 }, output: '$n', n: 1 }),
  $count: {},
  $median: { input: '$n', method: 'approximate' },
  $mergeObjects: '$$ROOT',
  $percentile: { input: '$n', p: [0.5], method: 'approximate' },
};

export const windowExamples: Examples = {
  ...accumulatorExamples,
  ...all('$denseRank $documentNumber $rank', {}),
  ...all('$covariancePop $covarianceSamp', ['$n', '$n']),
  ...all('$derivative $integral', { input: '$n' }),
  ...all('$linearFill $locf', '$n'),
  $expMovingAvg: { input: '$n', N: 2 },
  $shift: { output: '$n', by: 1 },
};

const lsid = { id: new Binary(Buffer.alloc(16, 1), 4) };

/** Whole commands, in a session where they need one; others are run as `{ name: 1 }`. */
export const commandExamples: Readonly<Record<string, Document>> = {
  aggregate: { aggregate: 'c', pipeline: [], cursor: {} },
  bulkWrite: { bulkWrite: 1, ops: [{ insert: 0, document: {} }], nsInfo: [{ ns: 'test.c' }], $db: 'admin' },
  count: { count: 'c' },
  delete: { delete: 'c', deletes: [{ q: { n: -1 }, limit: 1 }] },
  distinct: { distinct: 'c', key: 'n' },
  explain: { explain: { find: 'c' } },
  find: { find: 'c' },
  findAndModify: { findAndModify: 'c', query: { n: 1 }, update: { $set: { m: 1 } } },
  findandmodify: { findandmodify: 'c', query: { n: 1 }, update: { $set: { m: 1 } } },
  insert: { insert: 'c', documents: [{ n: 1 }] },
  killCursors: { killCursors: 'c', cursors: [] },
  update: { update: 'c', updates: [{ q: { n: 1 }, u: { $set: { m: 1 } } }] },
  collMod: { collMod: 'c' },
  create: { create: 'made' },
  createIndexes: { createIndexes: 'c', indexes: [{ key: { n: 1 }, name: 'n_1' }] },
  dropIndexes: { dropIndexes: 'c', index: '*' },
  deleteIndexes: { deleteIndexes: 'c', index: '*' },
  drop: { drop: 'nothing' },
  dropDatabase: { dropDatabase: 1, $db: 'empty' },
  listCollections: { listCollections: 1 },
  listDatabases: { listDatabases: 1, $db: 'admin' },
  listIndexes: { listIndexes: 'c' },
  renameCollection: { renameCollection: 'test.renamed', to: 'test.other', dropTarget: true, $db: 'admin' },
  collStats: { collStats: 'c' },
  collstats: { collstats: 'c' },
  dataSize: { dataSize: 'test.c' },
  datasize: { datasize: 'test.c' },
  filemd5: { filemd5: 1 },
  endSessions: { endSessions: [lsid] },
  killSessions: { killSessions: [lsid] },
  refreshSessions: { refreshSessions: [lsid] },
  killAllSessions: { killAllSessions: [], $db: 'admin' },
  killAllSessionsByPattern: { killAllSessionsByPattern: [], $db: 'admin' },
  getParameter: { getParameter: 1, featureCompatibilityVersion: 1, $db: 'admin' },
  setParameter: { setParameter: 1, transactionLifetimeLimitSeconds: 60, $db: 'admin' },
  getLog: { getLog: 'global', $db: 'admin' },
  currentOp: { currentOp: 1, $db: 'admin' },
  killOp: { killOp: 1, op: 0, $db: 'admin' },
  top: { top: 1, $db: 'admin' },
  fsync: { fsync: 1, $db: 'admin' },
  getCmdLineOpts: { getCmdLineOpts: 1, $db: 'admin' },
  getDefaultRWConcern: { getDefaultRWConcern: 1, $db: 'admin' },
  setDefaultRWConcern: { setDefaultRWConcern: 1, defaultWriteConcern: { w: 'majority' }, $db: 'admin' },
  logRotate: { logRotate: 1, $db: 'admin' },
  replSetGetConfig: { replSetGetConfig: 1, $db: 'admin' },
  replSetGetStatus: { replSetGetStatus: 1, $db: 'admin' },
  validate: { validate: 'c' },
  compact: { compact: 'c' },
  profile: { profile: 0 },
  planCacheClear: { planCacheClear: 'c' },
  configureFailPoint: { configureFailPoint: 'failCommand', mode: 'off', $db: 'admin' },
};
