/** What a plain script is told to copy, as JSON in its only argument. */
export interface PlainTask {
  readonly origin: string;
  readonly token: string;
  readonly databaseUrl: string;
  /** `discard` reads everything and stores nothing: what reading alone costs. */
  readonly store: 'upsert' | 'discard';
  readonly sources: readonly PlainSource[];
}

export interface PlainSource {
  readonly ref: Readonly<Record<string, string>>;
  /** `schema.table`, made anew. */
  readonly table: string;
}

export const readTask = (): PlainTask => JSON.parse(process.argv[2] ?? '') as PlainTask;
