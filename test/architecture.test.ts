import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const SRC = join(import.meta.dirname, '../src');

/** Which room may import which: the table of ARCHITECTURE.md. `*` is anything; rooms are folders or files of src. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  errors: ['contract', 'secrets'],
  log: ['secrets'],
  version: [],
  secrets: [],
  config: ['errors', 'secrets'],
  workflows: ['contract'],
  platforms: ['contract', 'errors', 'secrets'],
  store: ['contract', 'errors'],
  catalog: ['contract', 'errors', 'store'],
  activities: ['contract', 'platforms', 'store', 'catalog', 'observe', 'errors', 'log'],
  observe: ['contract', 'errors', 'store'],
  client: ['contract', 'config', 'errors', 'temporal'],
  temporal: ['config', 'errors', 'secrets'],
  worker: [
    'activities',
    'catalog',
    'client',
    'config',
    'contract',
    'errors',
    'log',
    'observe',
    'platforms',
    'store',
    'version',
    'temporal',
  ],
  'worker-bundle': [],
  stack: ['contract', 'errors'],
  cli: [
    'client',
    'catalog',
    'platforms',
    'store',
    'observe',
    'stack',
    'config',
    'contract',
    'errors',
    'version',
    'secrets',
    'temporal',
    'group-by',
    'units',
  ],
  page: ['contract', 'errors', 'group-by', 'platforms', 'store', 'units'],
  units: [],
  'group-by': [],
  dev: ['*'],
  sim: [],
};

/** Imports of types only: they leave no trace at run time. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  sim: ['contract'],
  catalog: ['platforms', 'config'],
  activities: ['config'],
  observe: ['log'],
  cli: ['page'],
};

/** Imported only when asked for, so that commands start fast. */
const MAY_IMPORT_LAZILY: Readonly<Record<string, readonly string[]>> = {
  cli: ['dev', 'sim', 'page'],
};

const ONLY_IN: Readonly<Record<string, RegExp>> = {
  pg: /^(store\/|activities\/activity-failure\.ts)/,
  airtable: /^platforms\/airtable\/client\.ts$/,
  '@notionhq/client': /^platforms\/notion\//,
  '@temporalio/workflow': /^workflows\//,
};

interface Import {
  readonly file: string;
  readonly specifier: string;
  readonly kind: 'value' | 'type' | 'lazy';
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const found: Import[] = [];
  for (const [, type, specifier] of text.matchAll(
    /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'/gm,
  )) {
    found.push({
      file,
      specifier: specifier as string,
      kind: type === undefined ? 'value' : 'type',
    });
  }
  for (const [, specifier] of text.matchAll(/\bimport\('([^']+)'\)/g)) {
    found.push({ file, specifier: specifier as string, kind: 'lazy' });
  }
  return found;
}

const roomOf = (file: string) => (file.split('/')[0] as string).replace(/\.ts$/, '');

function violation({ file, specifier, kind }: Import): string | null {
  if (!specifier.startsWith('.')) {
    const place = ONLY_IN[specifier];
    return place !== undefined && kind !== 'type' && !place.test(file)
      ? `${file} imports ${specifier}`
      : null;
  }
  const from = roomOf(file);
  const to = roomOf(relative(SRC, normalize(join(SRC, dirname(file), specifier))));
  if (from === to) return null;
  const allowed = [
    ...(MAY_IMPORT[from] ?? []),
    ...(kind === 'type' ? (MAY_IMPORT_TYPES[from] ?? []) : []),
    ...(kind === 'lazy' ? (MAY_IMPORT_LAZILY[from] ?? []) : []),
  ];
  return allowed.includes('*') || allowed.includes(to)
    ? null
    : `${file} imports ${to} (${specifier})`;
}

describe('the rooms of the house', () => {
  it('import only what the import table in ARCHITECTURE.md allows', () => {
    const violations = files
      .flatMap(importsOf)
      .map(violation)
      .filter((text) => text !== null);
    expect(violations).toEqual([]);
  });

  it('are all in the table', () => {
    expect([...new Set(files.map(roomOf))].filter((room) => !(room in MAY_IMPORT))).toEqual([]);
  });

  it('read the environment in config.ts and at the edge of the process alone', () => {
    const edges = ['config.ts', 'cli/process-io.ts'];
    const readers = files.filter(
      (file) =>
        !edges.includes(file) &&
        /\bprocess\.env\b/.test(
          readFileSync(join(SRC, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
        ),
    );
    expect(readers).toEqual([]);
  });
});
