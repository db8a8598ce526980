import { type Actor, anonymous } from '../../src/kernel/context.js';
import { Sessions } from '../../src/runtime/sessions.js';

/** Sessions of made-up people: the token is `{session} {device}`. Counts how often somebody is read. */
function held() {
  const read: string[] = [];
  const waiting: (() => void)[] = [];
  let slow = false;
  const sessions = new Sessions({
    verifyAccess(token) {
      const [sid = '', deviceId = ''] = token.split(' ');
      return { sid, sub: deviceId, rid: '', role: 'waiter', expiresAt: new Date(0) };
    },
    async loadActor({ sid, sub }): Promise<Actor> {
      read.push(sid);
      if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
      return { ...anonymous, kind: 'staff', userId: sub, sessionId: sid, ...(sub !== '' && { deviceId: sub }) };
    },
  });
  return {
    sessions,
    read,
    /** From now on reading takes until `finish`. */
    wait: () => {
      slow = true;
    },
    finish: () => {
      slow = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

it('a device’s revocation forgets its own sessions, and nobody else’s', async () => {
  const { sessions, read } = held();
  const tokens = ['one grill', 'two grill', 'three bar', 'four '];
  for (const token of tokens) await sessions.authenticate(token);
  sessions.revoke({ deviceId: 'grill' });
  for (const token of tokens) await sessions.authenticate(token);
  expect(read).toEqual(['one', 'two', 'three', 'four', 'one', 'two']);
});

it('a session that is being read when its device is revoked is read again', async () => {
  const { sessions, read, wait, finish } = held();
  wait();
  const answered = sessions.authenticate('one grill');
  sessions.revoke({ deviceId: 'grill' });
  finish();
  expect((await answered).actor.deviceId).toBe('grill');
  expect(read).toEqual(['one', 'one']);
});
