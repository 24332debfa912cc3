import type { Platform } from '../../src/sim/exchange.ts';
import type { SimWorld, WorldSpec } from '../../src/sim/simulator.ts';
import type { Cells, Edit } from './commands.ts';

/** A property or field as this test knows it; the simulators keep their own books. */
interface Property {
  readonly id: string;
  name: string;
  type: string;
  options: string[];
}

/** What an edit may leave in a table that only a later sync can put right. */
export interface Traces {
  /** Records that changed, appeared or went. */
  readonly touched: ReadonlySet<string>;
  /** Records that came back without any time having moved: incremental scans do not see them. */
  readonly unseen: ReadonlySet<string>;
  /** Records that went: their rows stay until a full scan. */
  readonly gone: ReadonlySet<string>;
  /** Values changed without any time having moved (options, names of properties): any row may be old. */
  readonly values: boolean;
}

const NOTION = {
  text: 'rich_text',
  number: 'number',
  check: 'checkbox',
  one: 'select',
  many: 'multi_select',
} as const;
const AIRTABLE = {
  text: 'singleLineText',
  number: 'number',
  check: 'checkbox',
  one: 'singleSelect',
  many: 'multipleSelects',
} as const;
const KINDS = ['text', 'number', 'check', 'one', 'many'] as const;
const OPTIONS = ['x', 'X', 'x ', 'y, z'];

const typesOf = (platform: Platform) => (platform === 'notion' ? NOTION : AIRTABLE);

function initialProperties(platform: Platform): Property[] {
  const types = typesOf(platform);
  const make = (place: number, name: string, type: string): Property => ({
    // Notion's ids need decoding once; the title's is literal.
    id:
      platform === 'airtable' ? `fld0000000000000${place}` : place === 0 ? 'title' : `p%3A${place}`,
    name,
    type,
    options: type === types.one || type === types.many ? [...OPTIONS] : [],
  });
  return [
    make(0, 'Name', platform === 'notion' ? 'title' : 'singleLineText'),
    make(1, 'Notes', types.text),
    make(2, 'Points', types.number),
    make(3, 'Done', types.check),
    make(4, 'State', types.one),
    make(5, 'Tags', types.many),
  ];
}

/** Title of the nth source of a world, and of the one that its pages move to and come back from. */
export const titleOf = (n: number) => `Source ${n}`;
const elsewhereOf = (n: number) => `Elsewhere ${n}`;

/** So many empty sources of one platform. */
export function emptyWorld(platform: Platform, count: number): WorldSpec {
  const specs = initialProperties(platform).map(({ id, name, type, options }) => ({
    id,
    name,
    type,
    options,
    choices: options,
  }));
  const numbers = Array.from({ length: count }, (_, n) => n);
  if (platform === 'airtable') {
    const tables = numbers.map((n) => ({ title: titleOf(n), records: 0, fields: specs }));
    return { airtable: { bases: [{ name: 'Base', tables }] } };
  }
  const sources = numbers.flatMap((n) =>
    [titleOf(n), elsewhereOf(n)].map((title) => ({ title, records: 0, properties: specs })),
  );
  return { notion: { databases: [{ title: 'Database', sources }] } };
}

/** Plays edits on one simulated source and tells what traces they leave. */
export class SimulatedSource {
  readonly title: string;
  readonly platform: Platform;
  readonly #world: SimWorld;
  readonly #advance: (ms: number) => void;
  readonly #elsewhere: string;
  readonly #properties: Property[];
  #touched = new Set<string>();
  #unseen = new Set<string>();
  #gone = new Set<string>();
  #values = false;

  constructor(world: SimWorld, advance: (ms: number) => void, platform: Platform, n: number) {
    this.#world = world;
    this.#advance = advance;
    this.platform = platform;
    this.title = titleOf(n);
    this.#elsewhere = elsewhereOf(n);
    this.#properties = initialProperties(platform);
  }

  get traces(): Traces {
    const [touched, unseen, gone, values] = [this.#touched, this.#unseen, this.#gone, this.#values];
    return { touched, unseen, gone, values };
  }

  /** The traces so far, which from now on are not among `traces` any more. */
  takeTraces(): Traces {
    const taken = this.traces;
    this.#touched = new Set();
    this.#unseen = new Set();
    this.#gone = new Set();
    this.#values = false;
    return taken;
  }

  play(edit: Edit): void {
    switch (edit.kind) {
      case 'create':
        return this.#create({ name: edit.name, points: edit.points });
      case 'edit':
        return this.#withRecord(edit.pick, (id) => {
          this.#world.editRecord(this.title, id, this.#changes(edit.cells));
          this.#touched.add(id);
        });
      case 'delete':
        return this.#withRecord(edit.pick, (id) => {
          this.#world.deleteRecord(this.title, id);
          this.#went(id);
        });
      case 'restore':
        return this.#restore(edit.pick);
      case 'purge':
        return this.#purge(edit.pick);
      case 'move':
        return this.#move(edit.pick);
      case 'time':
        return this.#advance(edit.seconds * 1000);
      default:
        return this.#changeSchema(edit);
    }
  }

  #create(cells: Cells): void {
    const [id = ''] = this.#world.createRecords(this.title, [this.#changes(cells)]);
    this.#touched.add(id);
  }

  #went(id: string): void {
    this.#touched.add(id);
    this.#gone.add(id);
  }

  #restore(pick: number): void {
    const { trashed } = this.#world.truth(this.title);
    const id = trashed[pick % Math.max(trashed.length, 1)];
    if (id === undefined) return;
    this.#world.restoreRecord(this.title, id);
    this.#touched.add(id);
    if (this.platform === 'airtable') this.#unseen.add(id);
  }

  /** A purged page cannot be told from one that is not shared any more: that is another test's matter. */
  #purge(pick: number): void {
    if (this.platform === 'notion') return;
    this.#withRecord(pick, (id) => {
      this.#world.purgeRecord(this.title, id);
      this.#went(id);
    });
  }

  /** There, or back again. */
  #move(pick: number): void {
    if (this.platform !== 'notion') return;
    const away = this.#world.ids(this.#elsewhere);
    const back = pick % 2 === 1 ? away[pick % Math.max(away.length, 1)] : undefined;
    if (back !== undefined) {
      this.#world.moveRecord(this.#elsewhere, back, this.title);
      this.#touched.add(back);
      return;
    }
    this.#withRecord(pick, (id) => {
      this.#world.moveRecord(this.title, id, this.#elsewhere);
      this.#went(id);
    });
  }

  #changeSchema(edit: Extract<Edit, { kind: `${string} property` | `${string} option` }>): void {
    if (edit.kind === 'add property') return this.#addProperty(edit.type, edit.name);
    const list = edit.kind.endsWith('option') ? this.#withOptions() : this.#properties.slice(1);
    const property = list[edit.pick % Math.max(list.length, 1)];
    if (property === undefined) return;
    // Rows show names of properties and options, which change without any time moving.
    this.#values = true;
    if (edit.kind === 'rename property') return this.#rename(property, edit.name);
    if (edit.kind === 'remove property') {
      this.#world.removeProperty(this.title, property.id);
      this.#properties.splice(this.#properties.indexOf(property), 1);
      return;
    }
    if (edit.kind === 'retype property') return this.#retype(property, edit.type);
    this.#changeOption(property, edit.pick, edit.kind === 'rename option' ? edit.name : null);
  }

  #addProperty(typeNumber: number, name: string): void {
    if (this.#isTaken(name)) return;
    const kind = KINDS[typeNumber % KINDS.length] ?? 'text';
    const types = typesOf(this.platform);
    const options = kind === 'one' || kind === 'many' ? [...OPTIONS] : [];
    const spec = { name, type: types[kind], options, choices: options };
    const id = this.#world.addProperty(this.title, spec);
    this.#properties.push({ id, name, type: types[kind], options: [...options] });
    this.#values = true;
  }

  #isTaken = (name: string) => this.#properties.some((property) => property.name === name);

  #rename(property: Property, name: string): void {
    if (this.#isTaken(name)) return;
    this.#world.renameProperty(this.title, property.id, name);
    property.name = name;
  }

  #retype(property: Property, typeNumber: number): void {
    const type = typesOf(this.platform)[KINDS[typeNumber % KINDS.length] ?? 'text'];
    if (type === property.type) return;
    this.#world.changePropertyType(this.title, property.id, type);
    property.type = type;
  }

  #withOptions = () => this.#properties.filter(({ options }) => options.length > 0);

  #changeOption(property: Property, pick: number, to: string | null): void {
    const at = pick % property.options.length;
    const option = property.options[at] ?? '';
    if (to === null) {
      this.#world.removeOption(this.title, property.id, option);
      property.options.splice(at, 1);
    } else if (to !== '' && !property.options.includes(to)) {
      this.#world.renameOption(this.title, property.id, option, to);
      property.options[at] = to;
    }
  }

  #withRecord(pick: number, run: (id: string) => void): void {
    const ids = this.#world.ids(this.title);
    const id = ids[pick % Math.max(ids.length, 1)];
    if (id !== undefined) run(id);
  }

  /** Cells go to every property that has a fitting type now. */
  #changes(cells: Cells): Record<string, unknown> {
    const types = typesOf(this.platform);
    const changes: Record<string, unknown> = {};
    for (const property of this.#properties) {
      const { id, type } = property;
      const isText = type === 'title' || type === types.text;
      if (isText && cells.name !== undefined) changes[id] = cells.name;
      if (type === types.number && cells.points !== undefined) changes[id] = cells.points;
      if (type === types.check && cells.done !== undefined) changes[id] = cells.done;
      if (type === types.one && cells.state !== undefined) {
        changes[id] = cells.state === null ? null : useOption(property, cells.state);
      }
      if (type === types.many && cells.tags !== undefined) {
        changes[id] = [...new Set(cells.tags)].map((tag) => useOption(property, tag));
      }
    }
    return changes;
  }
}

/** An option that is there, else one that the platform makes on the way, as both do. */
function useOption(property: Property, at: number): string {
  const name = property.options[at] ?? OPTIONS[at] ?? 'x';
  if (!property.options.includes(name)) property.options.push(name);
  return name;
}
