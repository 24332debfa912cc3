import { existsSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config.ts';
import { PATHS } from '../../src/observe/health-server.ts';
import { rootFile } from './manifests.ts';

interface Package {
  readonly bin: { readonly appsync: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const description = JSON.parse(rootFile('package.json')) as Package;
/** One instruction a line. */
const instructions = rootFile('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const image = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM')));

/** What follows an instruction, once for each time that it is there. */
const argumentsOf = (lines: readonly string[], name: string) =>
  lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
const listOf = (name: string) => JSON.parse(argumentsOf(image, name)[0] ?? '') as string[];

describe('the Dockerfile', () => {
  it('copies what is there and what .dockerignore lets through, and nothing else gets in', () => {
    const copied = argumentsOf(instructions, 'COPY')
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1));
    for (const path of copied) expect([path, existsSync(root + path)]).toEqual([path, true]);
    const [first, ...allowed] = rootFile('.dockerignore')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('*');
    expect(allowed.toSorted()).toEqual([...new Set(copied)].map((path) => `!${path}`).toSorted());
  });

  it('runs appsync worker as somebody who is not root', () => {
    expect(listOf('ENTRYPOINT')).toEqual(['node', description.bin.appsync.replace('.', '/app')]);
    expect(listOf('CMD')).toEqual(['worker']);
    expect(argumentsOf(image, 'USER')).toEqual(['1000:1000']);
  });

  it('asks for health where the worker answers', () => {
    const set = argumentsOf(image, 'ENV').flatMap((line) => line.split(' '));
    const env = Object.fromEntries(set.map((one) => one.split('=') as [string, string]));
    const { healthAddress } = readConfig(env, '/nowhere');
    const port = String(healthAddress?.port);
    expect(argumentsOf(image, 'EXPOSE')).toEqual([port]);
    expect(argumentsOf(image, 'HEALTHCHECK')[0]).toContain(
      `http://127.0.0.1:${port}${PATHS.live}'`,
    );
  });

  it('builds with a script that there is', () => {
    const scripts = instructions.flatMap((line) => /^RUN npm run (\w+)$/.exec(line)?.[1] ?? []);
    expect(scripts).toEqual(['build']);
    expect(Object.keys(description.scripts)).toContain('build');
  });
});

describe('an install without development packages', () => {
  it('has every package that the program imports', () => {
    const files = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' });
    const imported = files
      .filter((file) => file.endsWith('.ts'))
      // Examples in comments are of who uses the package.
      .map((file) => rootFile(`src/${file}`).replaceAll(/\/\*[^]*?\*\//g, ''))
      .flatMap((code) => [...code.matchAll(/(?:\bfrom |\bimport\(|^import )'([^.'\s][^'\s]*)'/gm)])
      .map((match) => /^(?:@[^/]+\/)?[^/]+/.exec(match[1] ?? '')?.[0] ?? '')
      .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
    expect(imported).toContain('@temporalio/worker');
    const missing = new Set(imported.filter((name) => !(name in description.dependencies)));
    expect([...missing]).toEqual([]);
  });
});
