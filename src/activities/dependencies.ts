import type { Environment } from '../config.ts';
import type { Log } from '../log.ts';
import type { SyncObserver } from '../observe/sync-counters.ts';
import type { RateBudget } from '../platforms/rate-limit.ts';
import type { Platform } from '../platforms/platform.ts';
import type { Database } from '../store/database.ts';

/** What activities work with: made once per worker, passed in. */
export interface Dependencies {
  readonly db: Database;
  /** The platform of that name; undefined when neither this build nor a plug-in of the catalog brings it. */
  readonly findPlatform: (name: string) => Promise<Platform | undefined>;
  readonly budget: RateBudget;
  readonly log: Log;
  /** Of this program: kept with records that it could not deal with. */
  readonly version: string;
  /** Reads the secret behind a token reference; throws an AppsyncError when there is none. */
  readonly readSecret: (reference: string) => string;
  readonly env: Environment;
  /** Salts fingerprints of tokens; belongs to the installation. */
  readonly salt: string;
  /** Is told how attempts end; absent: nobody looks. */
  readonly observer?: SyncObserver;
}
