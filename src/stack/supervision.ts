import type { Orders } from './orders.ts';
import type { StackFiles } from './stack-files.ts';
import type { StateBook } from './state-book.ts';

export interface Addresses {
  readonly databaseUrl: string;
  readonly temporalAddress: string;
}

/** What the parts of one supervisor share. */
export interface Supervision {
  readonly orders: Orders;
  readonly files: StackFiles;
  readonly book: StateBook;
  readonly addresses: () => Addresses;
  /** A part says where it is; a change restarts the worker. */
  readonly onAddress: (address: Partial<Addresses>) => void;
  readonly step: (text: string) => void;
  readonly log: (line: string) => void;
  readonly isStopping: () => boolean;
}
