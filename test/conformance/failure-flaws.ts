import { SyncFailure } from '../../src/errors.ts';
import {
  inSession,
  inRequests,
  failingAs,
  endingWith,
  isType,
  type Flaw,
} from './flawed-platforms.ts';

export const FAILURE_FLAWS: readonly Flaw[] = [
  {
    name: 'nobody behind the token',
    check: 'identify says who the credentials are',
    says: 'expected identify to give a name',
    breaks: inSession(() => ({ identify: async () => ({ name: '', workspace: null }) })),
  },
  {
    name: 'sources under another id',
    check: 'discover names sources by references that parseRef takes',
    says: 'expected the external id main of Main; seen: MAIN',
    breaks: inSession(() => ({
      async *discover() {
        yield { title: 'Main', ref: { ledger: 'main' }, external_id: 'MAIN' };
      },
    })),
  },
  {
    name: 'any reference accepted',
    check: 'parseRef gives one form and refuses anything else',
    says: 'expected parseRef to refuse',
    breaks: (platform) => ({ ...platform, parseRef: (ref) => ref as Record<string, string> }),
  },
  {
    name: 'a schema under another id',
    check: 'the external id is stable, and the same wherever it is told',
    says: 'expected describe to say main, as externalId does; seen: MAIN',
    breaks: inSession((session) => ({
      describe: async (ref) => ({ ...(await session.describe(ref)), external_id: 'MAIN' }),
    })),
  },
  {
    name: 'a field that is described twice',
    check: 'describe gives fields with ids and types, and a time',
    says: 'expected field ids that differ',
    breaks: inSession((session) => ({
      describe: async (ref) => {
        const schema = await session.describe(ref);
        return { ...schema, fields: [...schema.fields, ...schema.fields] };
      },
    })),
  },
  {
    name: 'requests past the budget',
    check: 'every request goes through requests.send, under rules without secrets',
    says: '0 were sent',
    breaks: inRequests(() => ({
      send: (_rules, request) => request(new AbortController().signal),
    })),
  },
  {
    name: 'the token in the name of a budget',
    check: 'every request goes through requests.send, under rules without secrets',
    says: 'seen: ledger:[token]',
    breaks: (platform) => ({
      ...platform,
      connect: (connection, requests) =>
        platform.connect({ ...connection, fingerprint: connection.token }, requests),
    }),
  },
  {
    name: 'a wrong token that is called forbidden',
    check: 'a wrong token is Unauthorized',
    says: 'expected identify with a wrong token to throw Unauthorized; seen: Forbidden',
    breaks: failingAs('Unauthorized', ({ message }) => new SyncFailure('Forbidden', message)),
  },
  {
    name: 'a refused token that is no SyncFailure',
    check: 'a token that is refused later is Unauthorized',
    says: 'seen: TypeError, which is no SyncFailure',
    breaks: failingAs('Unauthorized', ({ message }) => new TypeError(message)),
  },
  {
    name: 'a refusal without a time',
    check: 'too many requests are RateLimited, with a time to wait',
    says: 'to say how long to wait; seen: 0 ms',
    breaks: failingAs('RateLimited', ({ message }) => new SyncFailure('RateLimited', message)),
  },
  {
    name: 'a server error that is called a bad request',
    check: 'a server error is Unavailable, and passes',
    says: 'to throw Unavailable; seen: BadRequest',
    breaks: failingAs('Unavailable', ({ message }) => new SyncFailure('BadRequest', message)),
  },
  {
    name: 'half an answer that is taken for the end',
    check: 'an answer that is cut short is Unavailable or InvalidAnswer, and passes',
    says: 'expected fetchBatch to fail when its request is cut-short; seen: an answer',
    breaks: endingWith((thrown) => isType(thrown, 'Unavailable')),
  },
  {
    name: 'a failed page that is taken for an empty last one',
    check: 'a failure in the middle of a batch loses nothing',
    says: 'expected a batch whose second request is server-error to be gone on with; seen: missing: 7',
    breaks: inRequests((requests) => {
      let sent = 0;
      return {
        send: async (rules, request) => {
          sent += 1;
          try {
            return await requests.send(rules, request);
          } catch (thrown) {
            if (sent < 2) throw thrown;
            return { entries: [], next: null } as never;
          }
        },
      };
    }),
  },
  {
    name: 'the token in a message',
    check: 'no failure holds the token',
    says: 'no token in messages, hints and causes; seen: refused: [the token]',
    breaks: (platform) => ({
      ...platform,
      connect: (connection, requests) =>
        failingAs(
          'Unauthorized',
          () => new SyncFailure('Unauthorized', `refused: ${connection.token}`),
        )(platform).connect(connection, requests),
    }),
  },
];
