import { reaction } from '../../kernel/reaction.js';
import { rosterChanged } from '../staff/index.js';
import { withWaiter } from './floor.checks.js';
import { floorUpdated, waiterGone } from './floor.events.js';
import { sections, type TableDoc, tables } from './floor.model.js';
import { sectionView, tableView } from './floor.views.js';

/** Who has left looks after nothing any more: their sections and tables are nobody's until somebody is given them. */
export const releaseFromLeaver = reaction({
  on: rosterChanged,
  emits: [floorUpdated, waiterGone],
  async handle(ctx) {
    const { id, name, active } = ctx.data.member;
    if (active) return;
    const theirs = (await ctx.all(sections)).filter(({ waiterId }) => waiterId === id);
    const served = (await ctx.all(tables)).filter((one) => one.waiterId === id || one.orderWaiterId === id);
    const freed = {
      sections: theirs.map((section) => sectionView(ctx.save(sections, withWaiter(section, null)))),
      tables: served.map((table) => tableView(ctx.save(tables, withoutWaiter(table, id)))),
    };
    if (theirs.length + served.length > 0) ctx.publish(floorUpdated, freed);
    ctx.publish(waiterGone, {
      staffId: id,
      name,
      sectionNames: theirs.map((section) => section.name),
      tableNames: served.map((table) => table.name),
    });
  },
});

function withoutWaiter(table: TableDoc, id: string): TableDoc {
  const own = table.waiterId === id ? withWaiter(table, null) : table;
  if (own.orderWaiterId !== id) return own;
  const { orderWaiterId: _, ...rest } = own;
  return rest;
}
