import { Replicas } from '../src/replicas.js';
import type { Envelope, Snapshot } from '../src/wire.js';

const make = () =>
  new Replicas(
    { orders: { live: { field: 'status', values: ['open'] } }, tables: {} },
    {
      'order:created': { carries: { order: 'orders' } },
      'table:updated': { carries: { tables: 'tables' }, removes: { removedIds: 'tables', goneId: 'tables' } },
      'kitchen:bumped': {},
    },
  );

const envelope = (name: string, data: unknown): Envelope => ({
  id: 'e',
  epoch: 'x',
  seq: 1,
  name,
  restaurantId: 'r',
  at: '',
  actor: { id: '', name: '' },
  data,
  prev: {},
});

const snapshot = (replicas: Snapshot['replicas']): Snapshot => ({ epoch: 'x', seq: 1, at: '', rooms: [], replicas });

describe('the replicas', () => {
  it('are replaced by a snapshot, in the same maps', () => {
    const replicas = make();
    const tables = replicas.copy('tables');
    expect(replicas.load(snapshot({ tables: [{ id: 't1' }] }))).toEqual(['orders', 'tables']);
    replicas.load(snapshot({ tables: [{ id: 't2' }] }));
    expect([...tables.keys()]).toEqual(['t2']);
  });

  it('take an item in, replace it, and let it go when it is no longer live', () => {
    const replicas = make();
    const orders = replicas.copy('orders');
    expect(replicas.apply(envelope('order:created', { order: { id: 'o1', status: 'open', total: 1 } }))).toEqual(
      new Set(['orders']),
    );
    replicas.apply(envelope('order:created', { order: { id: 'o1', status: 'open', total: 2 } }));
    expect(orders.get('o1')).toEqual({ id: 'o1', status: 'open', total: 2 });
    replicas.apply(envelope('order:created', { order: { id: 'o1', status: 'completed' } }));
    expect(orders.size).toBe(0);
  });

  it('go by the server’s word on what is live, and by their own only until it comes', () => {
    const replicas = make();
    const [orders, tables] = [replicas.copy('orders'), replicas.copy('tables')];
    const told = (status: string) => envelope('order:created', { order: { id: 'o1', status } });
    replicas.follow(undefined);
    replicas.apply(told('billed'));
    expect(orders.size).toBe(0);
    replicas.follow({ orders: { field: 'status', values: ['open', 'billed'] } });
    replicas.apply(told('billed'));
    expect(orders.size).toBe(1);
    replicas.apply(told('completed'));
    expect(orders.size).toBe(0);
    replicas.follow({ tables: { field: 'state', values: ['free'] } });
    replicas.apply(told('completed'));
    replicas.apply(envelope('table:updated', { tables: [{ id: 't1', state: 'gone' }] }));
    expect([orders.size, tables.size]).toEqual([1, 0]);
  });

  it('say nothing changed when an item that never was there leaves', () => {
    expect(make().apply(envelope('order:created', { order: { id: 'o1', status: 'cancelled' } }))).toEqual(new Set());
  });

  it('take lists, and remove one id or many', () => {
    const replicas = make();
    const tables = replicas.copy('tables');
    replicas.apply(envelope('table:updated', { tables: [{ id: 't1' }, { id: 't2' }, { id: 't3' }] }));
    replicas.apply(envelope('table:updated', { tables: [], removedIds: ['t1', 'unknown'], goneId: 't2' }));
    expect([...tables.keys()]).toEqual(['t3']);
  });

  it.each([
    ['an event that carries nothing', 'kitchen:bumped', { order: { id: 'o1' } }],
    ['an event of a newer server', 'loyalty:earned', { order: { id: 'o1' } }],
    ['an optional field left out', 'table:updated', {}],
    ['no data', 'order:created', null],
  ])('are left alone by %s', (_what, name, data) => {
    expect(make().apply(envelope(name, data))).toEqual(new Set());
  });
});
