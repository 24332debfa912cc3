import { DEFAULT_OPTIONS, type SyncOptions } from '../contract/options.ts';
import type { Filters } from '../contract/target.ts';
import { shellLine } from './shell-word.ts';

/** What a person types to start this very sync, for a shell: a preset is written as what it stands for. */
export function syncCommandLine(
  program: string,
  target: string,
  filters: Filters,
  options: SyncOptions,
): string {
  const words = [target, ...filterWords(filters), ...optionWords(options)];
  return `${program} ${shellLine(words)}`;
}

const NAMES = ['platform', 'app', 'source', 'component', 'vault', 'user'] as const;

/** Filters as they are typed. */
export const filterWords = (filters: Filters): readonly string[] => [
  ...NAMES.flatMap((name) => (filters[name] ?? []).flatMap((value) => [`--${name}`, value])),
  ...(filters.only_enabled === true ? ['--only-enabled'] : []),
  ...(filters.only_due === true ? ['--only-due'] : []),
];

function optionWords(options: SyncOptions): readonly string[] {
  const number = (flag: string, value: number | undefined, standard?: number) =>
    value === undefined || value === standard ? [] : [flag, String(value)];
  const { max_delete, rate_limit, streaming, incremental } = options;
  return [
    ...number('--pool-size', options.pool_size, DEFAULT_OPTIONS.pool_size),
    ...number('--max-concurrent', options.max_concurrent, DEFAULT_OPTIONS.max_concurrent),
    ...number('--batch-size', options.batch_size, DEFAULT_OPTIONS.batch_size),
    ...number('--rate-limit', rate_limit),
    // 0.07 · 100 is a little more than 7.
    ...(max_delete === undefined
      ? []
      : ['--max-delete', `${Number((max_delete * 100).toFixed(9))}%`]),
    ...(streaming ? [] : ['--no-streaming']),
    ...(incremental ? [] : ['--no-incremental']),
  ];
}
