import type { FindSurplusInput, FoundSurplus } from '../contract/reconciliation.ts';
import { countCompared } from '../store/reconciliation/compared-batches.ts';
import { noteSurplus } from '../store/reconciliation/comparison.ts';
import { countQuestions } from '../store/reconciliation/comparison-questions.ts';
import { inTransaction } from '../store/database.ts';
import { holdReconciliation } from '../store/reconciliation/reconciliations.ts';
import { readSource } from '../store/sources.ts';
import type { Dependencies } from './dependencies.ts';
import { withHeartbeat } from './running.ts';

/** Of so many rows the platform is asked whether it really lacks them; of more the listing's word is taken. */
const MOST_ASKED = 200;

/**
 * Finds rows that a whole listing lacks. Only a listing whose proof is whole says anything about them: no gap, and
 * as many batches and records recorded as were read. Reads, and notes; a second call finds nothing new.
 */
export function findSurplus(deps: Dependencies, input: FindSurplusInput): Promise<FoundSurplus> {
  return withHeartbeat(() =>
    inTransaction(deps.db, async (tx) => {
      const { comparison, evidence } = input;
      await holdReconciliation(tx, comparison);
      const recorded = await countCompared(tx, comparison);
      const isRecorded = recorded.batches === input.batches && recorded.records === input.records;
      const gaps = [
        ...evidence.gaps,
        ...(isRecorded
          ? []
          : [
              `${input.records} records were read in ${input.batches} batches, ` +
                `but ${recorded.records} in ${recorded.batches} recorded`,
            ]),
      ];
      if (gaps.length === 0) {
        const source = await readSource(tx, comparison.source_id);
        const canAsk = ((await deps.findPlatform(source.platform))?.located_at_once ?? 0) > 0;
        await noteSurplus(tx, source, comparison, canAsk ? MOST_ASKED : 0);
      }
      return { gaps, to_ask: await countQuestions(tx, comparison) };
    }),
  );
}
