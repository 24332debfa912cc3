import type { Subject } from './subject.ts';

/** One promise of the interface: throws Nonconformance when it is broken, Skipped when it cannot be looked at. */
export interface Check {
  /** What is promised, in a few words. */
  readonly name: string;
  readonly examine: (subject: Subject) => Promise<void>;
}
