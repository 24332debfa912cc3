import { testSequences, type Recorded } from './sequences.ts';

/** Sequences that found a mistake (these ones planted, to try this test), as small as they could be made. */
const RECORDED: readonly Recorded[] = [
  // Made while a scan was at work: only the overlap of the next one finds it.
  [
    [
      {
        kind: 'sync',
        mode: 'incremental',
        batch: 2,
        streaming: true,
        trouble: { kind: 'meanwhile', nth: 1, edit: { kind: 'create', name: '', points: null } },
      },
      { kind: 'create', name: '', points: null },
      { kind: 'delete', pick: 0 },
      { kind: 'edit', pick: 0, cells: {} },
      { kind: 'time', seconds: 1 },
      { kind: 'sync', mode: 'incremental', batch: 2, streaming: true, trouble: null },
    ],
    false,
  ],
];

testSequences('notion', RECORDED);
