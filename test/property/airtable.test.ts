import { testSequences, type Recorded } from './sequences.ts';

/** Sequences that found a mistake (these ones planted, to try this test), as small as they could be made. */
const RECORDED: readonly Recorded[] = [
  // A new checkbox changes no record, and yet every row has to be written: not ticked is false, not NULL.
  [
    [
      { kind: 'sync', mode: 'full', batch: 100, streaming: true, trouble: null },
      { kind: 'add property', type: 2, name: 'Extra' },
      { kind: 'sync', mode: 'incremental', batch: 100, streaming: true, trouble: null },
    ],
    false,
  ],
];

testSequences('airtable', RECORDED);
