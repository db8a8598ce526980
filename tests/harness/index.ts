/**
 * The harness: a whole server, restaurants with people in them, screens that remember what they saw.
 *
 *   let brigade: Brigade; let house: House;
 *   beforeAll(async () => { brigade = await startBrigade(); house = await openHouse(brigade); });
 *   afterAll(async () => { await house.close(); await brigade.stop(); });
 *
 *   describe.each(transports)('order:place over %s', (transport) => {
 *     it('…', async () => {
 *       const waiter = await house.hire('waiter');
 *       const { status, data, problem } = await waiter.via(transport, 'order:place', {...}, { key });
 *       const screen = await (await house.hire('kitchen')).screen();
 *       await screen.saw('kitchen:ticket-created', ({ ticket }) => ticket.orderId === data.id);
 */
export { metricsOf } from './metrics.js';
export {
  type Answer,
  callRest,
  type House,
  logIn,
  openHouse,
  Person,
  Screen,
  type Transport,
  transports,
} from './people.js';
export { type Brigade, startBrigade } from './server.js';
export { until } from './until.js';
