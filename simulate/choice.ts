import type { BrigadeClient, MenuItem, ModifierChoice, ModifierGroup, OrderLineInput } from '@brigade/client';
import type { Random } from './random.js';

type State = BrigadeClient['state'];
export type Channel = 'dine-in' | 'takeaway';

/** What a guest may order now, as the screen shows the menu. */
function offered(state: State, channel: Channel): MenuItem[] {
  return [...state.menuItems.values()].filter(
    ({ soldOut, remaining, availability }) =>
      soldOut === undefined &&
      remaining !== 0 &&
      availability.channels.includes(channel) &&
      availability.dayparts.length === 0,
  );
}

/** One to four lines for a guest: something to drink, something to eat, perhaps more. */
export function linesOf(state: State, channel: Channel, random: Random, seat?: number): OrderLineInput[] {
  const menu = offered(state, channel);
  const lines: OrderLineInput[] = [];
  const count = random.pick([1, 2, 2, 3, 3, 4]) ?? 1;
  for (let index = 0; index < count; index += 1) {
    const item = random.pick(menu);
    if (item === undefined) break;
    const size = random.pick(item.sizes);
    lines.push({
      itemId: item.id,
      ...(size === undefined ? {} : { sizeId: size.id }),
      modifiers: modifiersOf(state, item, random),
      quantity: random.chance(0.1) ? 2 : 1,
      ...(seat === undefined ? {} : { seat }),
      note: random.chance(0.08) ? 'no salt' : '',
    });
  }
  return lines;
}

function modifiersOf(state: State, item: MenuItem, random: Random): ModifierChoice[] {
  const choices: ModifierChoice[] = [];
  const open = [...item.modifierGroupIds];
  const seen = new Set<string>();
  for (let groupId = open.shift(); groupId !== undefined; groupId = open.shift()) {
    const group = state.modifierGroups.get(groupId);
    if (group === undefined || seen.has(groupId)) continue;
    seen.add(groupId);
    for (const option of optionsOf(group, random)) {
      choices.push({ groupId, optionId: option.id, quantity: 1 });
      open.push(...option.nestedGroupIds);
    }
  }
  return choices;
}

function optionsOf({ min, max, options }: ModifierGroup, random: Random): ModifierGroup['options'] {
  const left = options.filter((option) => !option.soldOut);
  const wanted = min > 0 ? random.between(min, Math.min(max, min + 1)) : random.chance(0.3) ? 1 : 0;
  const chosen: ModifierGroup['options'] = [];
  while (chosen.length < wanted && left.length > 0) chosen.push(...left.splice(random.between(0, left.length - 1), 1));
  return chosen;
}
