import type { SimRow } from '../rows.ts';
import type { AirtableField } from './fields.ts';

/** The state of the simulated Airtable: what exists, and who may see it. */
export interface AirtableAccount {
  readonly tokens: Map<string, AirtableToken>;
  readonly bases: Map<string, AirtableBase>;
  readonly people: readonly Collaborator[];
}

export interface AirtableToken {
  readonly token: string;
  readonly userId: string;
  readonly email: string;
  scopes: readonly string[];
  revoked: boolean;
  /** Ids of bases; null: all. */
  shares: Set<string> | null;
}

export interface Collaborator {
  readonly id: string;
  readonly email: string;
  readonly name: string;
}

export interface AirtableBase {
  readonly id: string;
  readonly name: string;
  readonly tables: AirtableTable[];
}

export interface AirtableTable {
  readonly id: string;
  readonly seed: number;
  readonly awkward: boolean;
  name: string;
  fields: AirtableField[];
  readonly views: readonly AirtableView[];
  rows: SimRow[];
  readonly byId: Map<string, SimRow>;
  readonly generated: readonly SimRow[];
  nextIndex: number;
}

export interface AirtableView {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Shows one record in so many. */
  readonly every: number;
}

export function mayUse(token: AirtableToken, base: AirtableBase): boolean {
  return token.shares === null || token.shares.has(base.id);
}

export function findTable(base: AirtableBase, name: string): AirtableTable | undefined {
  return base.tables.find((table) => table.id === name || table.name === name);
}

/** Table by id, by `app…/tbl…` or by name. */
export function findTableAnywhere(
  account: AirtableAccount,
  name: string,
): { readonly base: AirtableBase; readonly table: AirtableTable } | undefined {
  for (const base of account.bases.values()) {
    for (const table of base.tables) {
      if (name === table.id || name === `${base.id}/${table.id}` || name === table.name) {
        return { base, table };
      }
    }
  }
  return undefined;
}
