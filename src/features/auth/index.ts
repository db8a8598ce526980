import { feature } from '../../kernel/feature.js';
import { deviceChanged, deviceReturned } from './auth.events.js';
import { devices, pinPads, sessions } from './auth.model.js';
import { listDevices, pairDevice, showDeviceToken, unpairDevice, updateDevice } from './device.operations.js';
import { login, pinLogin, refresh } from './login.operations.js';
import { listPresence } from './presence.operations.js';
import { endSession, listSessions, logout, showMe } from './session.operations.js';

export { deviceReturned } from './auth.events.js';
export { loadActor } from './auth.sessions.js';
export { reportReturned } from './presence.operations.js';

export const auth = feature({
  name: 'auth',
  summary: 'Logging in with a password or, on a paired device, a PIN; sessions and devices',
  kinds: [devices, pinPads, sessions],
  operations: [
    login,
    pinLogin,
    refresh,
    logout,
    showMe,
    listSessions,
    endSession,
    pairDevice,
    showDeviceToken,
    listDevices,
    updateDevice,
    unpairDevice,
    listPresence,
  ],
  events: [deviceChanged, deviceReturned],
});
