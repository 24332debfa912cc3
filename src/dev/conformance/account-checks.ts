import { isDeepStrictEqual } from 'node:util';
import type { SourceRef } from '../../platforms/platform.ts';
import type { Check } from './check.ts';
import { Nonconformance, expectThat, isTime, methodOf } from './outcome.ts';
import { prepareScan, readBatch, beginning, readWhole } from './reading.ts';
import { parseGiven, type Subject } from './subject.ts';

const COLUMN_TYPES = ['text', 'numeric', 'boolean', 'date', 'timestamptz', 'jsonb', 'text[]'];

export const ACCOUNT_CHECKS: readonly Check[] = [
  { name: 'identify says who the credentials are', examine: identify },
  { name: 'discover names sources by references that parseRef takes', examine: discover },
  { name: 'parseRef gives one form and refuses anything else', examine: parseRef },
  { name: 'the external id is stable, and the same wherever it is told', examine: externalId },
  { name: 'describe gives fields with ids and types, and a time', examine: describe },
  {
    name: 'every request goes through requests.send, under rules without secrets',
    examine: budget,
  },
];

async function identify({ connect }: Subject): Promise<void> {
  const { name, workspace } = await connect().identify();
  expectThat(typeof name === 'string' && name !== '', 'identify to give a name', `"${name}"`);
  expectThat(
    workspace === null || typeof workspace === 'string',
    'a workspace that is a text or null',
    typeof workspace,
  );
}

async function discover({ platform, stage, connect }: Subject): Promise<void> {
  let sources = 0;
  for await (const { title, ref, external_id } of connect().discover(stage.place)) {
    sources += 1;
    expectThat(typeof title === 'string' && title !== '', 'sources with titles', `"${title}"`);
    const parsed = parseGiven(platform, ref);
    expectOneForm(platform.parseRef(parsed), parsed, `parsed ref ${JSON.stringify(parsed)}`);
    const id = platform.externalId(parsed);
    expectThat(external_id === id, `the external id ${id} of ${title}`, external_id);
  }
  expectThat(sources > 0, 'discover to name a source', 'none');
}

function expectOneForm(parsed: SourceRef, given: unknown, what: string): void {
  expectThat(
    isDeepStrictEqual(parsed, given),
    `parseRef to leave the ${what} as it is`,
    JSON.stringify(parsed),
  );
}

async function parseRef({ platform, ref }: Subject): Promise<void> {
  expectOneForm(platform.parseRef(ref), ref, `parsed ref ${JSON.stringify(ref)}`);
  expectThat(
    Object.values(ref).every((value) => typeof value === 'string'),
    'a reference of texts',
    JSON.stringify(ref),
  );
  const nonsense: readonly unknown[] = [
    null,
    undefined,
    7,
    'nonsense',
    true,
    [],
    {},
    [ref],
    { nonsense: 'x' },
    ...[null, 7, '', {}, []].map((value) =>
      Object.fromEntries(Object.keys(ref).map((key) => [key, value])),
    ),
    { ...ref, nonsense: 'x' },
  ];
  for (const given of nonsense) expectRefusal(() => platform.parseRef(given), given);
}

function expectRefusal(parse: () => SourceRef, given: unknown): void {
  const what = JSON.stringify(given) ?? 'undefined';
  let parsed: SourceRef;
  try {
    parsed = parse();
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    expectThat(
      thrown instanceof Error && message.startsWith('ref'),
      `parseRef(${what}) to throw an Error whose message begins with ref`,
      message,
    );
    return;
  }
  throw new Nonconformance(`parseRef to refuse ${what}`, JSON.stringify(parsed));
}

async function externalId({ platform, ref, connect }: Subject): Promise<void> {
  const id = platform.externalId(ref);
  expectThat(typeof id === 'string' && id !== '', 'an external id', `"${id}"`);
  const reversed = Object.fromEntries(Object.entries(ref).toReversed());
  for (const other of [JSON.parse(JSON.stringify(ref)) as SourceRef, reversed]) {
    const again = platform.externalId(platform.parseRef(other));
    expectThat(again === id, `the external id ${id} of the same reference`, again);
  }
  const { external_id } = await connect().describe(ref);
  expectThat(external_id === id, `describe to say ${id}, as externalId does`, external_id);
}

async function describe({ ref, connect }: Subject): Promise<void> {
  const { title, fields, server_time } = await connect().describe(ref);
  expectThat(typeof title === 'string' && title !== '', 'a title', `"${title}"`);
  expectThat(isTime(server_time), 'a server_time as ISO 8601', `${server_time}`);
  expectThat(fields.length > 0, 'a field', 'none');
  const ids = fields.map(({ id }) => id);
  expectThat(new Set(ids).size === ids.length, 'field ids that differ', ids.join(', '));
  for (const { id, name, type, column_type } of fields) {
    expectThat(
      id !== '' && typeof name === 'string' && type !== '' && COLUMN_TYPES.includes(column_type),
      'fields with id, name, type and a type of column',
      JSON.stringify({ id, name, type, column_type }),
    );
  }
  const again = await connect().describe(ref);
  expectThat(
    isDeepStrictEqual(again.fields, fields),
    'the same fields in the same order when asked again',
    'others',
  );
}

async function budget(subject: Subject): Promise<void> {
  const { platform, stage, traffic } = subject;
  const arrived = methodOf(stage, 'requests', 'the stage does not count requests()');
  const [before, sent] = [await arrived(), traffic.sent];
  await subject.connect().identify();
  await readWhole(subject);
  const scan = await prepareScan(subject, { max_records: 1 });
  await readBatch(scan, beginning(scan));
  const asked = { arrived: (await arrived()) - before, sent: traffic.sent - sent };
  expectThat(
    asked.arrived === asked.sent,
    'as many requests at the platform as went through requests.send',
    `${asked.arrived} arrived and ${asked.sent} were sent`,
  );
  for (const { key } of traffic.rules) {
    expectThat(
      key.startsWith(`${platform.name}:`) && (stage.token === '' || !key.includes(stage.token)),
      `keys of budgets that begin with ${platform.name}: and hold no token`,
      key.replaceAll(stage.token || '\0', '[token]'),
    );
  }
}
