import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser of this machine: CHROMIUM_PATH, or the first on the path; null: none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | null {
  const given = env['CHROMIUM_PATH'];
  if (given !== undefined && given !== '') return given;
  const directories = (env['PATH'] ?? '').split(delimiter);
  return (
    directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find(canRun) ??
    null
  );
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Headless. As root, as in containers, chromium starts without its sandbox only. */
export const startBrowser = (path: string): Promise<Browser> =>
  puppeteer.launch({
    executablePath: path,
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
