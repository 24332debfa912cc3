import type { FailureType } from '../../contract/failures.ts';
import { SyncFailure } from '../../errors.ts';
import type { StagedFailure } from '../../platforms/conformance.ts';
import type { PlatformSession } from '../../platforms/session.ts';
import type { Check } from './check.ts';
import { expectSameRecords } from './compare-records.ts';
import { nameOf } from './observed-requests.ts';
import { expectThat, Nonconformance, Skipped } from './outcome.ts';
import { beginning, prepareScan, readBatch, readOn, readWhole } from './reading.ts';
import type { Subject } from './subject.ts';

/** What each way of going wrong has to be called. */
const TYPES: Readonly<Record<StagedFailure, readonly FailureType[]>> = {
  unauthorized: ['Unauthorized'],
  'rate-limited': ['RateLimited'],
  'server-error': ['Unavailable'],
  'cut-short': ['Unavailable', 'InvalidAnswer'],
};

export const FAILURE_CHECKS: readonly Check[] = [
  { name: 'a wrong token is Unauthorized', examine: wrongToken },
  {
    name: 'a token that is refused later is Unauthorized',
    examine: (s) => failsOnce(s, 'unauthorized'),
  },
  { name: 'too many requests are RateLimited, with a time to wait', examine: rateLimited },
  {
    name: 'a server error is Unavailable, and passes',
    examine: (s) => failsOnce(s, 'server-error'),
  },
  {
    name: 'an answer that is cut short is Unavailable or InvalidAnswer, and passes',
    examine: (s) => failsOnce(s, 'cut-short'),
  },
  { name: 'a failure in the middle of a batch loses nothing', examine: failsInTheMiddle },
  { name: 'no failure holds the token', examine: noTokenInFailures },
];

/** The calls of a session that each need an answer. */
async function callsOf(subject: Subject): Promise<readonly (readonly [string, Call])[]> {
  const scan = await prepareScan(subject);
  const at = beginning(scan);
  return [
    ['identify', (session) => session.identify()],
    ['describe', (session) => session.describe(subject.ref)],
    ['fetchBatch', (session) => readBatch({ ...scan, connect: () => session }, at)],
  ];
}

type Call = (session: PlatformSession) => Promise<unknown>;

/** What a call throws; null when it does not. */
const thrownBy = async (
  call: () => Promise<unknown>,
): Promise<{ readonly thrown: unknown } | null> => {
  try {
    await call();
    return null;
  } catch (thrown) {
    return { thrown };
  }
};

function expectType(what: string, types: readonly FailureType[], thrown: unknown): void {
  expectThat(
    thrown instanceof SyncFailure && types.includes(thrown.type),
    `${what} to throw ${types.join(' or ')}`,
    nameOf(thrown),
  );
}

async function wrongToken(subject: Subject): Promise<void> {
  const token = subject.stage.wrong_token;
  if (token === undefined) throw new Skipped('the stage has no wrong_token');
  for (const [name, call] of await callsOf(subject)) {
    const failed = await thrownBy(() => call(subject.connect({ token })));
    if (failed === null) throw new Nonconformance(`${name} to refuse a wrong token`, 'an answer');
    expectType(`${name} with a wrong token`, TYPES.unauthorized, failed.thrown);
  }
}

/** Makes requests fail from now on; skipped where the stage cannot. */
async function stageFailure({ stage }: Subject, kind: StagedFailure, times = 1): Promise<void> {
  if (stage.failNext === undefined) throw new Skipped('the stage cannot failNext()');
  if (stage.failures !== undefined && !stage.failures.includes(kind)) {
    throw new Skipped(`the stage cannot make requests fail as ${kind}`);
  }
  await stage.failNext(kind, times);
}

/** Every call fails as it should, and the next one works again. */
async function failsOnce(subject: Subject, kind: StagedFailure): Promise<void> {
  const whole = await readWhole(subject);
  for (const [name, call] of await callsOf(subject)) {
    await stageFailure(subject, kind);
    const failed = await thrownBy(() => call(subject.connect()));
    if (failed === null) {
      throw new Nonconformance(`${name} to fail when its request is ${kind}`, 'an answer');
    }
    expectType(`${name}, its request ${kind},`, TYPES[kind], failed.thrown);
    await call(subject.connect());
  }
  const again = await readWhole(subject);
  expectSameRecords(whole.records, again.records, `a scan after requests were ${kind} to be whole`);
}

/** Waiting is the requests' own: they are told by what the request throws. */
async function rateLimited(subject: Subject): Promise<void> {
  const { traffic } = subject;
  for (const [name, call] of await callsOf(subject)) {
    await stageFailure(subject, 'rate-limited');
    const before = traffic.thrown.length;
    const failed = await thrownBy(() => call(subject.connect()));
    const [thrown] = traffic.thrown.slice(before);
    const what = `the request of ${name}, refused as one too many,`;
    if (thrown === undefined) throw new Nonconformance(`${what} to throw`, 'nothing thrown');
    expectType(what, TYPES['rate-limited'], thrown);
    const { retryAfterMs = 0 } = thrown as SyncFailure;
    expectThat(retryAfterMs > 0, `${what} to say how long to wait`, `${retryAfterMs} ms`);
    if (failed !== null) expectType(`${name} itself`, TYPES['rate-limited'], failed.thrown);
    await call(subject.connect());
  }
}

/** What was read before the failure may be kept, but it is not the end. */
async function failsInTheMiddle(subject: Subject): Promise<void> {
  const whole = await readWhole(subject);
  let isReached = false;
  const kinds = ['server-error', 'cut-short'] as const;
  for (const kind of kinds.filter((one) => subject.stage.failures?.includes(one) ?? true)) {
    const scan = await prepareScan(subject);
    const at = beginning(scan);
    const failSecond = (n: number) => {
      if (n !== 2) return undefined;
      isReached = true;
      return stageFailure(subject, kind);
    };
    const connect = () => subject.connect({ beforeRequest: failSecond });
    let begun;
    try {
      begun = await readBatch({ ...scan, connect }, at);
    } catch (thrown) {
      if (thrown instanceof Skipped) throw thrown;
      expectType(`a batch whose second request is ${kind}`, TYPES[kind], thrown);
    }
    const rest = await readOn(scan, begun?.to ?? at);
    expectSameRecords(
      whole.records,
      [...(begun?.batch.records ?? []), ...rest.records],
      `a batch whose second request is ${kind} to be gone on with`,
    );
  }
  if (!isReached) throw new Skipped('no batch of the source takes two requests');
}

async function noTokenInFailures(subject: Subject): Promise<void> {
  const { stage, traffic } = subject;
  const tokens = [stage.token, stage.wrong_token ?? ''].filter((token) => token !== '');
  if (tokens.length === 0) throw new Skipped('the stage has no token');
  const seen: unknown[] = [];
  const look = async (call: Call, token: string) => {
    const failed = await thrownBy(() => call(subject.connect({ token })));
    if (failed !== null) seen.push(failed.thrown);
  };
  for (const [, call] of await callsOf(subject)) {
    if (stage.wrong_token !== undefined) await look(call, stage.wrong_token);
    for (const kind of stage.failNext === undefined ? [] : (stage.failures ?? Object.keys(TYPES))) {
      await stageFailure(subject, kind as StagedFailure);
      await look(call, stage.token);
    }
  }
  const thrown = [...seen, ...traffic.thrown];
  if (thrown.length === 0) throw new Skipped('the stage makes nothing fail');
  for (const text of thrown.flatMap(textsOf)) {
    for (const token of tokens) {
      expectThat(!text.includes(token), 'no token in messages, hints and causes', () =>
        text.replaceAll(token, '[the token]').slice(0, 300),
      );
    }
  }
}

/** All that could reach a log: of an error, its hint and what caused it. */
function textsOf(thrown: unknown): readonly string[] {
  if (!(thrown instanceof Error)) return [JSON.stringify(thrown) ?? String(thrown)];
  const { message, stack = '', cause } = thrown;
  const hint = thrown instanceof SyncFailure ? [thrown.hint ?? ''] : [];
  return [message, stack, ...hint, ...(cause === undefined ? [] : textsOf(cause))];
}
