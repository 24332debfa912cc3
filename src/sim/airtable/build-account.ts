import { createRow, createdTime, rowTimes } from '../rows.ts';
import type { SimRow } from '../rows.ts';
import { hashText, mix, seededAirtableId } from '../seeded.ts';
import { AIRTABLE_TOKEN } from '../world-spec.ts';
import type { AirtableBaseSpec, AirtableSpec, AirtableTableSpec } from '../world-spec.ts';
import type { AirtableAccount, AirtableBase, AirtableTable, Collaborator } from './bases.ts';
import { createField, EVERY_TYPE, FEW } from './fields.ts';

const ALL_SCOPES = ['data.records:read', 'schema.bases:read', 'user.email:read'];

/** Builds the bases that a spec describes. The same spec and seed give the same ids and values. */
export function buildAccount(spec: AirtableSpec, seed: number): AirtableAccount {
  const account: AirtableAccount = {
    tokens: new Map(),
    bases: new Map(),
    people: people(seed),
  };
  for (const [place, base] of spec.bases.entries()) addBase(account, base, mix(seed + 500, place));
  for (const base of spec.bases) addFields(account, base);
  for (const [place, token] of (spec.tokens ?? [{ token: AIRTABLE_TOKEN }]).entries()) {
    account.tokens.set(token.token, {
      token: token.token,
      userId: seededAirtableId('usr', seed, place),
      email: `user${place}@example.com`,
      scopes: token.scopes ?? ALL_SCOPES,
      revoked: false,
      shares:
        token.shares === undefined
          ? null
          : new Set(token.shares.map((share) => baseId(account, share))),
    });
  }
  return account;
}

function people(seed: number): readonly Collaborator[] {
  return ['Ada Abara', 'Bela Brandt', 'Chiyo 李', 'Dunja Dvořák'].map((name, index) => ({
    id: seededAirtableId('usr', seed + 9, index),
    email: `person${index}@example.com`,
    name,
  }));
}

function baseId(account: AirtableAccount, name: string): string {
  const base = [...account.bases.values()].find((one) => one.id === name || one.name === name);
  if (base === undefined) throw new Error(`The world has no base "${name}"`);
  return base.id;
}

function addBase(account: AirtableAccount, spec: AirtableBaseSpec, seed: number): void {
  const own = mix(seed, hashText(spec.name));
  const base: AirtableBase = {
    id: spec.id ?? seededAirtableId('app', own, 0),
    name: spec.name,
    tables: spec.tables.map((table, place) => createTable(table, mix(own, place + 10))),
  };
  account.bases.set(base.id, base);
}

function createTable(spec: AirtableTableSpec, seed: number): AirtableTable {
  const times = rowTimes(spec);
  const rows: SimRow[] = [];
  for (let index = 0; index < spec.records; index += 1) {
    // Without a sort the order is arbitrary: it does not follow the times of creation.
    const place = (index * 7 + 3) % Math.max(spec.records, 1);
    const created = createdTime(times, seed, place, spec.records);
    const hash = mix(seed + 2, index);
    const edited = hash % 4 === 0 ? 0 : created + 1000 + (hash % 1_000_000_000);
    const id = seededAirtableId('rec', seed, index);
    rows.push(createRow({ id, index, created, edited, editedBefore: edited, generated: true }));
  }
  const view = (place: number, name: string, every: number) => ({
    id: seededAirtableId('viw', seed, place),
    name,
    type: 'grid',
    every,
  });
  return {
    id: spec.id ?? seededAirtableId('tbl', seed, 0),
    seed,
    awkward: spec.awkward ?? false,
    name: spec.title,
    fields: [],
    views: [view(1, 'Grid view', 1), view(2, 'Every third', 3)],
    rows,
    byId: new Map(rows.map((row) => [row.id, row])),
    generated: [...rows],
    nextIndex: spec.records,
  };
}

function addFields(account: AirtableAccount, spec: AirtableBaseSpec): void {
  const base = account.bases.get(baseId(account, spec.id ?? spec.name));
  for (const [place, table] of (base?.tables ?? []).entries()) {
    const fields = spec.tables[place]?.fields;
    const specs =
      fields === 'few'
        ? FEW
        : fields === undefined || fields === 'every type'
          ? EVERY_TYPE
          : fields;
    table.fields = specs.map((field, order) => {
      const target = base?.tables.find((other) => other.name === field.to || other.id === field.to);
      return createField(field, table.seed, order, true, target?.id ?? table.id);
    });
  }
}
