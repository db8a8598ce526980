/*
 * Every name that MongoDB 7 and 8.0 know, by kind. `name@8.0`: since that version, told where it is 5.0 or later. Listed
 * here and nowhere else; whether this server has it is asked of the code, see supported.ts.
 */

export const MONGODB: Readonly<Record<string, string>> = {
  'Query operators': `
    $eq $ne $gt $gte $lt $lte $in $nin
    $and $or $nor $not
    $exists $type
    $expr $jsonSchema $mod $regex $options $text $where
    $all $elemMatch $size
    $bitsAllClear $bitsAllSet $bitsAnyClear $bitsAnySet
    $geoIntersects $geoWithin $near $nearSphere $within
    $comment $sampleRate $alwaysTrue $alwaysFalse`,

  'Projection operators': '$ $elemMatch $slice $meta',

  'Update operators': `
    $currentDate $inc $min $max $mul $rename $set $setOnInsert $unset
    $addToSet $pop $pull $pullAll $push
    $bit`,

  'Modifiers of $push': '$each $position $slice $sort',

  'Aggregation stages': `
    $addFields $bucket $bucketAuto $changeStream $changeStreamSplitLargeEvent@7.0 $collStats $count $currentOp
    $densify@5.1 $documents@5.1 $facet $fill@5.3 $geoNear $graphLookup $group $indexStats $limit $listLocalSessions
    $listSampledQueries@7.0 $listSearchIndexes@7.0 $listSessions $lookup $match $merge $out $planCacheStats $project
    $querySettings@8.0 $queryStats@7.0 $redact $replaceRoot $replaceWith $sample $search $searchMeta $set
    $setWindowFields@5.0 $shardedDataDistribution@6.0 $skip $sort $sortByCount $unionWith $unset $unwind
    $vectorSearch@7.0`,

  'Expression operators': `
    $abs $add $ceil $divide $exp $floor $ln $log $log10 $mod $multiply $pow $round $sqrt $subtract $trunc
    $bitAnd@6.3 $bitNot@6.3 $bitOr@6.3 $bitXor@6.3
    $arrayElemAt $arrayToObject $concatArrays $filter $first $firstN@5.2 $in $indexOfArray $isArray $last $lastN@5.2 $map
    $maxN@5.2 $minN@5.2 $objectToArray $range $reduce $reverseArray $size $slice $sortArray@5.2 $zip
    $and $not $or
    $cmp $eq $gt $gte $lt $lte $ne
    $cond $ifNull $switch
    $accumulator $function
    $binarySize $bsonSize
    $dateAdd@5.0 $dateDiff@5.0 $dateFromParts $dateFromString $dateSubtract@5.0 $dateToParts $dateToString $dateTrunc@5.0
    $dayOfMonth $dayOfWeek $dayOfYear $hour $isoDayOfWeek $isoWeek $isoWeekYear $millisecond $minute $month $second $week
    $year
    $literal $let $meta
    $getField@5.0 $setField@5.0 $unsetField@5.0 $mergeObjects
    $rand $toHashedIndexKey
    $allElementsTrue $anyElementTrue $setDifference $setEquals $setIntersection $setIsSubset $setUnion
    $concat $indexOfBytes $indexOfCP $ltrim $regexFind $regexFindAll $regexMatch $replaceAll $replaceOne $rtrim $split
    $strLenBytes $strLenCP $strcasecmp $substr $substrBytes $substrCP $toLower $toUpper $trim
    $tsIncrement@5.1 $tsSecond@5.1
    $acos $acosh $asin $asinh $atan $atan2 $atanh $cos $cosh $degreesToRadians $radiansToDegrees $sin $sinh $tan $tanh
    $convert $isNumber $toBool $toDate $toDecimal $toDouble $toInt $toLong $toObjectId $toString $toUUID@8.0 $type
    $avg $max $median@7.0 $min $percentile@7.0 $stdDevPop $stdDevSamp $sum`,

  Accumulators: `
    $accumulator $addToSet $avg $bottom@5.2 $bottomN@5.2 $count@5.0 $first $firstN@5.2 $last $lastN@5.2 $max $maxN@5.2
    $median@7.0 $mergeObjects $min $minN@5.2 $percentile@7.0 $push $stdDevPop $stdDevSamp $sum $top@5.2 $topN@5.2`,

  'Window functions': `
    $addToSet@5.0 $avg@5.0 $bottom@5.2 $bottomN@5.2 $count@5.0 $covariancePop@5.0 $covarianceSamp@5.0 $denseRank@5.0
    $derivative@5.0 $documentNumber@5.0 $expMovingAvg@5.0 $first@5.0 $firstN@5.2 $integral@5.0 $last@5.0 $lastN@5.2
    $linearFill@5.3 $locf@5.2 $max@5.0 $maxN@5.2 $median@7.0 $min@5.0 $minN@5.2 $percentile@7.0 $push@5.0 $rank@5.0
    $shift@5.0 $stdDevPop@5.0 $stdDevSamp@5.0 $sum@5.0 $top@5.2 $topN@5.2`,

  Commands: `
    aggregate bulkWrite@8.0 count delete distinct explain find findAndModify findandmodify getMore insert killCursors
    mapReduce update
    collMod convertToCapped cloneCollectionAsCapped create createIndexes deleteIndexes drop dropDatabase dropIndexes
    listCollections listDatabases listIndexes reIndex renameCollection setIndexCommitQuorum
    createSearchIndexes@7.0 dropSearchIndex@7.0 updateSearchIndex@7.0
    abortTransaction commitTransaction endSessions killAllSessions killAllSessionsByPattern killSessions refreshSessions
    startSession
    buildInfo buildinfo collStats collstats connPoolStats connectionStatus currentOp dataSize datasize dbHash dbStats
    dbstats driverOIDTest features getCmdLineOpts getLog hello hostInfo isMaster ismaster killOp listCommands lockInfo
    ping profile serverStatus top validate validateDBMetadata@5.0 whatsmyuri
    compact configureFailPoint dropConnections filemd5 fsync fsyncUnlock getClusterParameter@6.0 getDefaultRWConcern
    getParameter logApplicationMessage logRotate rotateCertificates@5.0 setClusterParameter@6.0 setDefaultRWConcern
    setFeatureCompatibilityVersion setParameter setUserWriteBlockMode@6.0 shutdown
    getAuditConfig@5.0 setAuditConfig@5.0
    testDeprecation@5.0 testDeprecationInVersion2@5.0 testRemoval@5.0 testVersion2@5.0 testVersions1And2@5.0
    planCacheClear planCacheClearFilters planCacheListFilters planCacheSetFilter removeQuerySettings@8.0
    setQuerySettings@8.0
    authenticate createRole createUser dropAllRolesFromDatabase dropAllUsersFromDatabase dropRole dropUser
    grantPrivilegesToRole grantRolesToRole grantRolesToUser invalidateUserCache logout revokePrivilegesFromRole
    revokeRolesFromRole revokeRolesFromUser rolesInfo saslContinue saslStart updateRole updateUser usersInfo
    appendOplogNote applyOps replSetAbortPrimaryCatchUp replSetFreeze replSetGetConfig replSetGetStatus replSetInitiate
    replSetMaintenance replSetReconfig replSetResizeOplog replSetStepDown replSetSyncFrom
    abortMoveCollection@8.0 abortReshardCollection@5.0 abortUnshardCollection@8.0 addShard addShardToZone
    analyzeShardKey@7.0 balancerCollectionStatus balancerStart balancerStatus balancerStop
    checkMetadataConsistency@7.0 cleanupOrphaned cleanupReshardCollection@5.0 clearJumboFlag commitReshardCollection@5.0
    configureCollectionBalancing@5.3 configureQueryAnalyzer@7.0 enableSharding flushRouterConfig getShardMap
    getShardVersion listShards mergeAllChunksOnShard@7.0 mergeChunks moveChunk moveCollection@8.0 movePrimary
    moveRange@6.0 refineCollectionShardKey removeShard removeShardFromZone reshardCollection@5.0
    setAllowMigrations@5.0 shardCollection shardingState split splitVector transitionFromDedicatedConfigServer@8.0
    transitionToDedicatedConfigServer@8.0 unshardCollection@8.0 updateZoneKeyRange`,
};
