import fc from 'fast-check';

/** What may happen between syncs. Numbers choose among what is there at that time, so any sequence can be played. */
export type Edit =
  | { readonly kind: 'create'; readonly name: string; readonly points: number | null }
  | { readonly kind: 'edit'; readonly pick: number; readonly cells: Cells }
  | { readonly kind: 'delete'; readonly pick: number }
  | { readonly kind: 'restore'; readonly pick: number }
  | { readonly kind: 'purge'; readonly pick: number }
  | { readonly kind: 'move'; readonly pick: number }
  | { readonly kind: 'add property'; readonly type: number; readonly name: string }
  | { readonly kind: 'rename property'; readonly pick: number; readonly name: string }
  | { readonly kind: 'remove property'; readonly pick: number }
  | { readonly kind: 'retype property'; readonly pick: number; readonly type: number }
  | { readonly kind: 'rename option'; readonly pick: number; readonly name: string }
  | { readonly kind: 'remove option'; readonly pick: number }
  | { readonly kind: 'time'; readonly seconds: number };

/** New values by kind of cell; absent: stays. Those whose property is gone or has another type are left out. */
export interface Cells {
  readonly name?: string;
  readonly points?: number | null;
  readonly done?: boolean;
  readonly state?: number | null;
  readonly tags?: readonly number[];
}

/** What goes wrong with one request of a sync. `slow` ones cost a retry, which is a second of real time. */
export type Trouble =
  | { readonly kind: 'cursors expire'; readonly nth: number }
  | { readonly kind: 'cursor repeats'; readonly nth: number }
  | {
      readonly kind: 'slow';
      readonly nth: number;
      readonly what: 'limited' | 'unavailable' | 'truncated' | 'reset';
    }
  /** Somebody edits while the scan is at its nth request. */
  | { readonly kind: 'meanwhile'; readonly nth: number; readonly edit: Edit };

export interface Sync {
  readonly kind: 'sync';
  readonly mode: 'full' | 'incremental';
  readonly batch: number;
  readonly streaming: boolean;
  readonly trouble: Trouble | null;
}

export type Command = Edit | Sync;

const TEXTS = ['', 'a', 'b', '🎉 "quoted", {c}\\', 'line\nbreak', 'nul\u0000', '  '];
const NAMES = ['Extra', 'extra', 'Notes', 'Size', '_id', 'Ünï 🎉', ' '];
const pick = fc.nat(30);
const text = fc.constantFrom(...TEXTS);
const number = fc.option(fc.constantFrom(0, 1, -2.5, 0.1 + 0.2, 1e21), { nil: null });

const cells: fc.Arbitrary<Cells> = fc.record(
  {
    name: text,
    points: number,
    done: fc.boolean(),
    state: fc.option(fc.nat(3), { nil: null }),
    tags: fc.array(fc.nat(3), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create'), name: text, points: number }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('edit'), pick, cells }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('restore'), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('purge'), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move'), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('add property'),
      type: fc.nat(20),
      name: fc.constantFrom(...NAMES),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('rename property'),
      pick,
      name: fc.constantFrom(...NAMES),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove property'), pick }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('retype property'), pick, type: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename option'), pick, name: text }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove option'), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('time'),
      seconds: fc.constantFrom(1, 20, 70, 400, 1_200, 90_000),
    }),
  },
);

const nth = fc.integer({ min: 1, max: 4 });
const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cursors expire'), nth }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cursor repeats'), nth }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('meanwhile'), nth, edit }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('slow'),
      nth,
      what: fc.constantFrom('limited', 'unavailable', 'truncated', 'reset'),
    }),
  },
);

const sync: fc.Arbitrary<Sync> = fc.record({
  kind: fc.constant('sync'),
  mode: fc.constantFrom('incremental', 'incremental', 'full'),
  batch: fc.constantFrom(2, 3, 5, 100),
  streaming: fc.constantFrom(true, true, false),
  trouble: fc.option(trouble, { nil: null }),
});

/** Sequences of edits with a few syncs among them. */
export const sequences: fc.Arbitrary<readonly Command[]> = fc.array(
  fc.oneof({ weight: 4, arbitrary: edit }, { weight: 1, arbitrary: sync }),
  {
    minLength: 4,
    maxLength: 14,
    size: 'max',
  },
);
