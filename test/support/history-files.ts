import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Histories of real runs, a folder per release that wrote them: runs of it may still be at work anywhere. */
export const HISTORIES = join(import.meta.dirname, '../workflows/histories');

export interface HistoryEvent {
  readonly eventId: string;
  readonly eventType: string;
  readonly [attributes: string]: unknown;
}

export interface HistoryFile {
  /** Below HISTORIES: release/scenario/workflow.json */
  readonly name: string;
  readonly events: readonly HistoryEvent[];
}

/** All recorded histories. */
export function readHistories(): readonly HistoryFile[] {
  if (!existsSync(HISTORIES)) return [];
  return readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => {
      const { events } = JSON.parse(readFileSync(join(HISTORIES, name), 'utf8')) as HistoryFile;
      return { name, events };
    });
}

/** Writes a history with an event per line, so that a difference can be read. */
export function writeHistory({ name, events }: HistoryFile): void {
  const path = join(HISTORIES, name);
  mkdirSync(dirname(path), { recursive: true });
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  writeFileSync(path, `{"events":[\n${lines}\n]}\n`);
}

/** Attributes of an event, whatever its type. */
export function attributesOf(event: HistoryEvent): Readonly<Record<string, unknown>> {
  const [, attributes] = Object.entries(event).find(([key]) => key.endsWith('Attributes')) ?? [];
  return (attributes ?? {}) as Readonly<Record<string, unknown>>;
}

/** Texts of a history as a person would read them: payloads are base64 in a file. */
export function readableText({ events }: HistoryFile): string {
  return JSON.stringify(events, (key, value: unknown) =>
    typeof value === 'string' && (key === 'data' || key === 'encoding')
      ? Buffer.from(value, 'base64').toString()
      : value,
  );
}
