import {
  parseCatalog,
  type CatalogFile,
  type CatalogPlatform,
  type CatalogRules,
} from '../../src/catalog/file.ts';

/** A platform whose references have exactly these keys; ids are what they hold, joined. */
function platformOf(
  name: string,
  plans: Readonly<Record<string, number>>,
  keys: readonly string[],
  more: Partial<CatalogPlatform> = {},
): CatalogPlatform {
  return {
    ...more,
    name,
    plans,
    parseRef(ref) {
      const given = ref as Readonly<Record<string, string>>;
      for (const key of [...keys, ...Object.keys(given)]) {
        if (!(key in given) || ![...keys, 'view'].includes(key))
          throw new Error(`ref.${key} is wrong`);
      }
      return given;
    },
    externalId: (ref) => keys.map((key) => ref[key]).join('/'),
  };
}

export const RULES: CatalogRules = {
  platforms: new Map([
    [
      'notion',
      platformOf('notion', { free: 3, business: 10 }, ['data_source'], {
        contentFormats: () => ['markdown'],
      }),
    ],
    ['airtable', platformOf('airtable', { team: 5 }, ['base', 'table'])],
  ]),
  reserved: ['sync', 'status', 'sync-all', 'sync-due'],
};

export const parse = (content: string, path = '/checkout/appsync.yaml'): CatalogFile =>
  parseCatalog(content, path, RULES);

/** What makes a file be refused, as the person sees it. */
export function refusal(content: string): {
  readonly message: string;
  readonly reason: string;
  readonly hint: string;
} {
  try {
    parse(content);
  } catch (error) {
    const {
      message,
      reason = '',
      hint = '',
    } = error as { message: string; reason?: string; hint?: string };
    return { message, reason, hint };
  }
  throw new Error('the file was taken');
}

export const ACCOUNTS = `accounts:
  - { name: notion, platform: notion, token: env:NOTION_TOKEN }
  - { name: airtable, platform: airtable, token: env:AIRTABLE_TOKEN }
`;

/** A file with these sources: aliases, or further keys by alias. */
export function fileOf(sources: Readonly<Record<string, string>>, path?: string): CatalogFile {
  const items = Object.entries(sources).map(
    ([alias, keys]) =>
      `  - { alias: ${alias}, account: notion, ref: { data_source: ds-${alias} }${keys === '' ? '' : `, ${keys}`} }`,
  );
  return parse(`${ACCOUNTS}sources:\n${items.join('\n')}\n`, path);
}
