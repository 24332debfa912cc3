import { tokenFingerprint } from './fingerprint.ts';
import { blameSession, noteFailures } from './blame.ts';
import type { Platform } from './platform.ts';
import type { RateBudget } from './rate-limit.ts';
import { createRequests, type RequestsOptions } from './requests.ts';
import type { PlatformSession } from './session.ts';

/** An account as the catalog has it, with the secret that its token reference leads to. */
export interface AccountAccess {
  readonly account: string;
  /** Empty where the account names none. */
  readonly token: string;
  readonly plan: string | null;
  /** Requests per second asked for; null: the plan's. */
  readonly rate: number | null;
}

/** What every session of this process shares. */
export interface SessionSurroundings {
  readonly budget: RateBudget;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Salts fingerprints of tokens; belongs to the installation. */
  readonly salt: string;
}

/** Reaches a platform with an account's token: every request within its budget, counted and cancellable. */
export function openSession(
  platform: Platform,
  access: AccountAccess,
  { budget, env, salt }: SessionSurroundings,
  options: Omit<RequestsOptions, 'budget' | 'account'>,
): PlatformSession {
  const { account, token, plan, rate } = access;
  const { base_url } = platform.environment;
  const { innocent, budget: noted } = noteFailures(budget);
  const session = platform.connect(
    {
      account,
      token,
      fingerprint: tokenFingerprint(token, salt),
      base_url: (base_url === undefined ? undefined : env[base_url]) || undefined,
      plan,
      rate,
      pool_size: options.poolSize,
    },
    createRequests({ ...options, budget: noted, account }),
  );
  return blameSession(session, platform.title, { innocent, signal: options.signal });
}
