import { feature } from '../../kernel/feature.js';
import { deviceChanged, deviceReturned } from './auth.events.js';
import { devices, pinPads, sessions } from './auth.model.js';
import { listDevices, pairDevice, showDeviceToken, unpairDevice, updateDevice } from './device.operations.js';
import { login, refresh } from './login.operations.js';
import { pinLogin, showPad } from './pin.operations.js';
import { listPresence } from './presence.operations.js';
import { confirmPassword, endSession, listSessions, logout, showMe } from './session.operations.js';
import { unlockDevice, unlockPerson } from './unlock.operations.js';

export { deviceChanged, deviceReturned } from './auth.events.js';
export { devices } from './auth.model.js';
export { loadActor } from './auth.sessions.js';
export { unbindScreens } from './device.operations.js';
export { reportReturned } from './presence.operations.js';

export const auth = feature({
  name: 'auth',
  summary: 'Logging in with a password or, on a paired device, a PIN; sessions and devices',
  kinds: [devices, pinPads, sessions],
  operations: [
    login,
    showPad,
    pinLogin,
    refresh,
    logout,
    confirmPassword,
    showMe,
    listSessions,
    endSession,
    pairDevice,
    showDeviceToken,
    listDevices,
    updateDevice,
    unpairDevice,
    unlockDevice,
    unlockPerson,
    listPresence,
  ],
  events: [deviceChanged, deviceReturned],
});
