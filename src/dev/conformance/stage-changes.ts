import type { ConvertedRecord } from '../../contract/schema.ts';
import { expectThat, methodOf } from './outcome.ts';
import { readWhole } from './reading.ts';
import type { Subject } from './subject.ts';

/** Has the stage edit or make a record, and gives what became of it: the records that are others now. */
export async function change(
  subject: Subject,
  kind: 'edit' | 'add',
): Promise<readonly ConvertedRecord[]> {
  const { stage } = subject;
  const act = methodOf(stage, kind, `the stage cannot ${kind}()`);
  const before = new Map((await readWhole(subject)).records.map(({ id, hash }) => [id, hash]));
  const named = await act();
  const changed = (await readWhole(subject)).records.filter(
    ({ id, hash }) => before.get(id) !== hash && (named === undefined || id === named),
  );
  expectThat(changed.length > 0, `${kind}() of the stage to change a record`, 'no change');
  return changed;
}
