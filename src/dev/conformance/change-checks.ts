import type { ConformanceStage } from '../../platforms/conformance.ts';
import type { Check } from './check.ts';
import { expectAmong, expectSameContent } from './compare-records.ts';
import { Skipped, expectThat, isTime, methodOf, need } from './outcome.ts';
import { readSince, readWhole } from './reading.ts';
import { change } from './stage-changes.ts';
import { isIncremental, type Subject } from './subject.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LONG_AGO = '1970-01-01T00:00:00.000Z';
const LONGEST_VERSION = 300;

export const CHANGE_CHECKS: readonly Check[] = [
  { name: 'an incremental scan misses no edit and no new record', examine: incremental },
  { name: 'an incremental scan since long ago is a whole one', examine: sinceLongAgo },
  { name: 'a watermark in the future gives nothing and does not fail', examine: future },
  { name: 'versions stay while nothing changes', examine: sameVersion },
  { name: 'versions change with every kind of change', examine: otherVersions },
];

const isoTime = (ms: number) => new Date(ms).toISOString();

async function incremental(subject: Subject): Promise<void> {
  const { stage, platform, ref, connect } = subject;
  needIncremental(subject);
  const made = (['edit', 'add'] as const).filter((change) => stage[change] !== undefined);
  if (made.length === 0) throw new Skipped('the stage cannot edit() or add()');
  for (const kind of made) {
    await stage.advanceClock?.(HOUR_MS);
    const { server_time } = await connect().describe(ref);
    // What a scan that begins now earns is what the next one asks by.
    const watermark = isoTime(Date.parse(server_time) - platform.overlap_ms);
    const changed = await change(subject, kind);
    const { records } = await readSince(subject, watermark);
    expectAmong(changed, records, `a scan since ${watermark} to give what ${kind}() changed later`);
  }
}

function needIncremental(subject: Subject): void {
  if (!isIncremental(subject)) throw new Skipped('every scan of the source is a full one');
}

async function sinceLongAgo(subject: Subject): Promise<void> {
  needIncremental(subject);
  const whole = await readWhole(subject);
  const { records } = await readSince(subject, LONG_AGO);
  expectSameContent(whole.records, records, `a scan since ${LONG_AGO} to give every record`);
}

async function future(subject: Subject): Promise<void> {
  needIncremental(subject);
  const { server_time } = await subject.connect().describe(subject.ref);
  const since = isoTime(Date.parse(server_time) + DAY_MS);
  const { records } = await readSince(subject, since);
  expectThat(records.length === 0, `no record since ${since}`, `${records.length} records`);
}

async function readVersion({ connect, ref }: Subject): Promise<string> {
  const session = connect();
  const read = methodOf(session, 'readVersion', 'the platform tells no versions');
  const { version, server_time } = need(
    await read(ref),
    'the version cannot be told on this stage',
  );
  expectThat(
    version !== '' && version.length <= LONGEST_VERSION,
    `a version of 1 to ${LONGEST_VERSION} characters`,
    `${version.length}`,
  );
  expectThat(isTime(server_time), 'the time of a version as ISO 8601', `${server_time}`);
  return version;
}

async function sameVersion(subject: Subject): Promise<void> {
  const first = await readVersion(subject);
  await readWhole(subject);
  await subject.stage.advanceClock?.(HOUR_MS);
  const second = await readVersion(subject);
  expectThat(second === first, `the version ${first} as long as nothing changes`, second);
}

const CHANGES = [
  'edit',
  'add',
  'remove',
  'addField',
  'renameField',
] as const satisfies readonly (keyof ConformanceStage)[];

async function otherVersions(subject: Subject): Promise<void> {
  const { stage } = subject;
  const seen = new Set([await readVersion(subject)]);
  const offered = CHANGES.filter((change) => stage[change] !== undefined);
  if (offered.length === 0) throw new Skipped(`the stage offers none of ${CHANGES.join(', ')}`);
  for (const change of offered) {
    await stage[change]?.();
    const version = await readVersion(subject);
    expectThat(!seen.has(version), `another version after ${change}()`, version);
    seen.add(version);
  }
}
