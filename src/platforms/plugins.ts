import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { reasonOf, SyncFailure } from '../errors.ts';
import { INTERFACE_VERSION, type Platform } from './platform.ts';
import { KIT } from './plugin.ts';

/** A platform that comes from outside, as the catalog names it. */
export interface PluginEntry {
  readonly platform: string;
  /** The name of a package, or the path of a file. */
  readonly module: string;
  /** Absolute: where both are looked for from. */
  readonly folder: string;
}

const functionSchema = z.custom<unknown>((value) => typeof value === 'function', 'is no function');

/** As much of a platform as can be seen without calling it. */
const platformSchema = z.object({
  name: z.string(),
  title: z.string().min(1),
  environment: z.object({ token: z.array(z.string()), base_url: z.string().optional() }),
  plans: z.record(z.string(), z.number().positive()),
  overlap_ms: z.number().min(0),
  located_at_once: z.int().min(0),
  knownTypes: z.instanceof(Set),
  parseRef: functionSchema,
  externalId: functionSchema,
  createConverter: functionSchema,
  connect: functionSchema,
  conformance: functionSchema.optional(),
});

/** Whether a module is named by its path: `./…`, `../…` or `/…`; anything else is a package. */
export const isPath = (module: string): boolean => /^\.{0,2}\//.test(module);

/**
 * The platform that a plug-in brings. Never throws: one that is missing, throws, or is made for another version of
 * the interface is a platform that says so whenever it is used, so that nothing else stops for it.
 */
export async function loadPlugin(entry: PluginEntry): Promise<Platform> {
  const { platform: name, module } = entry;
  try {
    const loaded = (await import(await locate(entry))) as { readonly default?: unknown };
    if (typeof loaded.default !== 'function') throw new Error('its default export is no function');
    return checked(name, (loaded.default as (kit: typeof KIT) => unknown)(KIT));
  } catch (error) {
    return unavailable(
      name,
      `the plug-in ${name} (${module}) cannot be loaded: ${firstLine(error)}`,
    );
  }
}

/** Where the module is, as an address that `import` takes. */
async function locate({ module, folder }: PluginEntry): Promise<string> {
  if (isPath(module)) return pathToFileURL(isAbsolute(module) ? module : join(folder, module)).href;
  const { resolve } = await import('import-meta-resolve');
  return resolve(module, pathToFileURL(join(folder, 'appsync.yaml')).href);
}

function checked(name: string, given: unknown): Platform {
  const version = (given as { readonly interface_version?: unknown } | null)?.interface_version;
  if (version !== INTERFACE_VERSION) {
    throw new Error(
      `it speaks version ${String(version)} of the interface, and this appsync speaks ${INTERFACE_VERSION}`,
    );
  }
  const parsed = platformSchema.safeParse(given);
  const [issue] = parsed.error?.issues ?? [];
  if (issue !== undefined) throw new Error(`${issue.path.join('.')}: ${issue.message}`);
  if (parsed.data?.name !== name) {
    throw new Error(`it is the platform ${String(parsed.data?.name)}, not ${name}`);
  }
  return given as Platform;
}

/** A platform in name only. */
function unavailable(name: string, reason: string): Platform {
  const refuse = (): never => {
    throw new SyncFailure('Misconfigured', reason, {
      hint: 'correct plugins: in the catalog file, or install what it names where the worker runs',
    });
  };
  return {
    interface_version: INTERFACE_VERSION,
    name,
    title: name,
    environment: { token: [] },
    credentials: 'optional',
    plans: {},
    overlap_ms: 0,
    located_at_once: 0,
    knownTypes: new Set(),
    unavailable: reason,
    parseRef: refuse,
    externalId: refuse,
    createConverter: refuse,
    connect: refuse,
  };
}

/** Node's message for a missing module goes on about who imported it. */
const firstLine = (error: unknown) =>
  (reasonOf(error).split('\n')[0] ?? '').replace(/ imported from .*$/, '');
