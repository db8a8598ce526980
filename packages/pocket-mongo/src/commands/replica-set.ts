import { type Document, isDocument, ObjectId } from '../bson/values.js';
import type { Engine, Handler } from '../engine/context.js';
import { notImplemented } from '../errors.js';

/** The name of the set of one. */
export const SET_NAME = 'pocket';
const TERM = 1n;
const replicaSetId = new ObjectId();

export function optimes({ clock }: Engine): { optime: Document; date: Date } {
  const ts = clock.now;
  return { optime: { ts, t: TERM }, date: new Date(ts.t * 1000) };
}

const replSetGetStatus: Handler = ({ engine }) => {
  const { optime, date } = optimes(engine);
  return {
    set: SET_NAME,
    date: new Date(),
    myState: 1,
    term: TERM,
    syncSourceHost: '',
    syncSourceId: -1,
    heartbeatIntervalMillis: 2000n,
    majorityVoteCount: 1,
    writeMajorityCount: 1,
    votingMembersCount: 1,
    writableVotingMembersCount: 1,
    optimes: {
      lastCommittedOpTime: optime,
      lastCommittedWallTime: date,
      readConcernMajorityOpTime: optime,
      appliedOpTime: optime,
      durableOpTime: optime,
      writtenOpTime: optime,
      lastAppliedWallTime: date,
      lastDurableWallTime: date,
      lastWrittenWallTime: date,
    },
    members: [
      {
        _id: 0,
        name: engine.address,
        health: 1,
        state: 1,
        stateStr: 'PRIMARY',
        uptime: Math.floor((Date.now() - engine.startedAt) / 1000),
        optime,
        optimeDate: date,
        syncSourceHost: '',
        syncSourceId: -1,
        infoMessage: '',
        electionDate: new Date(engine.startedAt),
        configVersion: 1,
        configTerm: 1,
        self: true,
        lastHeartbeatMessage: '',
      },
    ],
    ok: 1,
  };
};

const replSetGetConfig: Handler = ({ engine }) => ({
  config: {
    _id: SET_NAME,
    version: 1,
    term: 1,
    members: [
      {
        _id: 0,
        host: engine.address,
        arbiterOnly: false,
        buildIndexes: true,
        hidden: false,
        priority: 1,
        tags: {},
        secondaryDelaySecs: 0n,
        votes: 1,
      },
    ],
    protocolVersion: 1n,
    writeConcernMajorityJournalDefault: true,
    settings: {
      chainingAllowed: true,
      heartbeatIntervalMillis: 2000,
      heartbeatTimeoutSecs: 10,
      electionTimeoutMillis: 10_000,
      getLastErrorModes: {},
      getLastErrorDefaults: { w: 1, wtimeout: 0 },
      replicaSetId,
    },
  },
  ok: 1,
});

const DEFAULTS = { defaultReadConcern: { level: 'local' }, defaultWriteConcern: { w: 'majority', wtimeout: 0 } };

const getDefaultRWConcern: Handler = ({ command }) => ({
  ...DEFAULTS,
  defaultReadConcernSource: 'implicit',
  defaultWriteConcernSource: 'implicit',
  localUpdateWallClockTime: new Date(),
  ...(command.inMemory === true ? { inMemory: true } : {}),
  ok: 1,
});

/** Others than those that hold anyway would have to change what commands do. */
const setDefaultRWConcern: Handler = ({ command: { defaultReadConcern: read, defaultWriteConcern: write } }) => {
  const level = isDocument(read) ? read.level : undefined;
  const w = isDocument(write) ? write.w : undefined;
  if ((read !== undefined && level !== 'local') || (write !== undefined && w !== 'majority'))
    throw notImplemented('a default read concern but local, or write concern but majority,');
  return { ...DEFAULTS, ok: 1 };
};

/** Commands about the replica set, which has this one member. */
export const replicaSetCommands: Readonly<Record<string, Handler>> = {
  replSetGetStatus,
  replSetGetConfig,
  getDefaultRWConcern,
  setDefaultRWConcern,
};
