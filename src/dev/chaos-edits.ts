import { DEMO_SOURCES, type DemoSource } from '../sim/demo-world.ts';
import type { Chance } from './chance.ts';
import type { SimulatorControl } from './simulator-control.ts';

const KINDS = ['edit', 'edit', 'edit', 'create', 'delete', 'restore', 'move'] as const;
const MOST_EDITED = 20;
const MOST_CREATED = 5;

/** How a source is called by the simulator. */
export const externalId = ({ ref }: DemoSource): string =>
  'data_source' in ref ? ref.data_source : `${ref.base}/${ref.table}`;

/** Two data sources with the same people in mind: pages move between them, there and back. */
const MOVING = DEMO_SOURCES.filter(({ alias }) => /^skyflow-(tasks|releases)$/.test(alias));

/** People at work in the platforms: each call changes something. Returns how many records it touched. */
export function createEditors(control: SimulatorControl, chance: Chance): () => Promise<number> {
  const trash: { readonly source: string; readonly id: string }[] = [];
  const remove = async (source: string) => {
    const id = chance.of(await control.ids(source));
    await control.edit('deleteRecord', { source, id });
    trash.push({ source, id });
  };
  const restore = async () => {
    const [taken] = trash.splice(chance.below(trash.length), 1);
    if (taken !== undefined) await control.edit('restoreRecord', taken);
  };
  const move = async () => {
    const [from, to] = chance.shuffled(MOVING).map(externalId);
    if (from === undefined || to === undefined) return;
    const id = chance.of(await control.ids(from));
    await control.edit('moveRecord', { source: from, id, target: to, isEdit: true });
  };
  return async () => {
    const kind = chance.of(KINDS);
    const source = externalId(chance.of(DEMO_SOURCES));
    if (kind === 'edit') {
      const count = 1 + chance.below(MOST_EDITED);
      await control.edit('editSome', { source, count });
      return count;
    }
    if (kind === 'create') {
      const records = 1 + chance.below(MOST_CREATED);
      await control.edit('createRecords', { source, records });
      return records;
    }
    if (kind === 'move') await move();
    else if (kind === 'restore' && trash.length > 0) await restore();
    else await remove(source);
    return 1;
  };
}
