/** The version whose behaviour is the model, and its wire version. */
export const VERSION = '8.0.4';
export const WIRE_VERSION = 25;
