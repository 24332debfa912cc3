import type { Environment } from '../config.ts';

/** How the person calls this program: the launcher says so, otherwise its own name. */
export function programName(env: Environment): string {
  const given = env['APPSYNC_PROGRAM'];
  return given === undefined || given === '' ? 'appsync' : given;
}

/**
 * Commands in hints are written `appsync …`; here they become what the person types. Only before the
 * name of a command, so that prose about appsync stays as it is.
 */
export function asTyped(hint: string, program: string): string {
  return hint.replaceAll(
    /\bappsync (?=(?:-|(?:sync|all|init|sources|runs|quarantine|reconcile|schedule|health|stats|ui|up|down|status|doctor|config|completion|env|worker|demo|dev|help)\b))/g,
    `${program} `,
  );
}

/** The same for help texts, where every `appsync` before a word or placeholder is a command. */
export const helpAsTyped = (text: string, program: string): string =>
  text.replaceAll(/\bappsync (?=[a-z<])/g, `${program} `);
