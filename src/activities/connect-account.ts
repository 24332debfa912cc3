import { cancellationSignal } from '@temporalio/activity';
import type { SyncOptions } from '../contract/options.ts';
import { SyncFailure } from '../errors.ts';
import { tokenFingerprint } from '../platforms/fingerprint.ts';
import type { Platform, PlatformSession, SourceRef } from '../platforms/platform.ts';
import { createRequests } from '../platforms/requests.ts';
import type { SourceRow } from '../store/sources.ts';
import type { Dependencies } from './dependencies.ts';
import { attributeAttempt } from './observed-attempt.ts';
import type { Meter } from './running.ts';

/** A source's platform, reached with its account's token. */
export interface ConnectedSource {
  readonly platform: Platform;
  readonly session: PlatformSession;
  readonly ref: SourceRef;
}

/** Connects to a source's platform for the length of one activity. The token is read here and goes nowhere else. */
export function connectSource(
  deps: Dependencies,
  source: SourceRow,
  { run_id, options }: { readonly run_id: string; readonly options: SyncOptions },
  meter: Meter,
): ConnectedSource {
  attributeAttempt(source);
  const platform = deps.platforms.get(source.platform);
  if (platform === undefined) {
    throw new SyncFailure('Misconfigured', `this worker knows no platform ${source.platform}`, {
      hint: `update the worker, or correct the account of ${source.alias}`,
    });
  }
  const token = deps.readSecret(source.token_ref);
  const requests = createRequests({
    budget: deps.budget,
    account: source.account,
    asked: options.rate_limit !== undefined,
    runId: run_id,
    signal: cancellationSignal(),
    poolSize: options.pool_size,
    count: (metrics) => meter.count(metrics),
    onWait: (until) => meter.waitUntil(until),
  });
  const session = platform.connect(
    {
      account: source.account,
      token,
      fingerprint: tokenFingerprint(token, deps.salt),
      base_url: deps.env[platform.environment.base_url] || undefined,
      plan: source.plan,
      rate: options.rate_limit ?? source.rate_limit,
      pool_size: options.pool_size,
    },
    requests,
  );
  return { platform, session, ref: platform.parseRef(source.ref) };
}
