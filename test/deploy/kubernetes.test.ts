import { describe, expect, it } from '@jest/globals';
import type { Command } from 'commander';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { parseCatalog } from '../../src/catalog/file.ts';
import { catalogRules } from '../../src/cli/catalog.ts';
import { buildProgram } from '../../src/cli/program.ts';
import { readConfig, readSecret, type Environment } from '../../src/config.ts';
import { PATHS } from '../../src/observe/health-server.ts';
import { builtInPlatforms } from '../../src/platforms/registry.ts';
import { workerStopMs } from '../../src/stack/end-stack.ts';
import { configMap, containersOf, environmentOf, podOf, type Container } from './manifests.ts';

const worker = podOf('Deployment', 'appsync-worker');
const catalogJob = podOf('Job', 'appsync-catalog');
const [workerContainer] = worker.spec.containers as readonly [Container];
const catalog = parseCatalog(
  configMap('appsync-catalog')['appsync.yaml'] ?? '',
  '/a.yaml',
  catalogRules(builtInPlatforms()),
);

const configOf = (container: Container) =>
  readConfig(
    { ...environmentOf(container), DATABASE_URL: 'postgres://db.example/appsync' },
    '/nowhere',
  );

/** Names that somebody asks an environment for. */
function namesRead(reader: (env: Environment) => void): ReadonlySet<string> {
  const read = new Set<string>();
  const env = new Proxy<Record<string, string | undefined>>(
    {},
    {
      get: (_, name) => void read.add(String(name)),
    },
  );
  reader(env);
  return read;
}

describe('the workers of deploy/kubernetes.yaml', () => {
  it('are probed where a worker answers, on the port that it listens on', () => {
    const { startupProbe, livenessProbe, readinessProbe, ports } = workerContainer;
    expect(startupProbe.httpGet).toEqual({ path: PATHS.live, port: 'health' });
    expect(livenessProbe.httpGet).toEqual({ path: PATHS.live, port: 'health' });
    expect(readinessProbe.httpGet).toEqual({ path: PATHS.ready, port: 'health' });
    const { healthAddress } = configOf(workerContainer);
    expect(healthAddress?.host).toBe('0.0.0.0');
    expect(ports).toEqual([{ name: 'health', containerPort: healthAddress?.port }]);
    expect(worker.metadata.annotations).toMatchObject({
      'prometheus.io/port': String(healthAddress?.port),
      'prometheus.io/path': PATHS.metrics,
    });
  });

  it('get the time that a graceful stop takes', () => {
    const { graceSeconds } = configOf(workerContainer);
    const given = (worker.spec.terminationGracePeriodSeconds ?? 0) * 1000;
    expect(given).toBeGreaterThanOrEqual(workerStopMs(graceSeconds));
  });

  it('have every token that the catalog names, from the Secret', () => {
    const env = environmentOf(workerContainer);
    for (const { token } of catalog.accounts) {
      expect(readSecret(token, env)).toMatch(/^secret-/);
    }
  });
});

describe('the Job of deploy/kubernetes.yaml', () => {
  it('applies a catalog that is right, from where it is mounted', () => {
    expect(catalog.sources.length).toBeGreaterThan(0);
    const [apply] = catalogJob.spec.initContainers as readonly [Container];
    const [mount] = apply.volumeMounts ?? [];
    expect(configOf(apply).catalogPath).toBe(`${mount?.mountPath}/appsync.yaml`);
    const [volume] = catalogJob.spec.volumes ?? [];
    expect([mount?.name, volume?.configMap.name]).toEqual([volume?.name, 'appsync-catalog']);
  });
});

describe.each([
  ...containersOf(worker).map((container) => [container.name, container] as const),
  ...containersOf(catalogJob).map((container) => [container.name, container] as const),
])('container %s of deploy/kubernetes.yaml', (_, container) => {
  it('sets no variable that nobody reads', () => {
    const platforms = [...builtInPlatforms().values()].flatMap(({ environment }) => [
      ...environment.token,
      environment.base_url ?? '',
    ]);
    const read = new Set([
      ...platforms,
      ...namesRead((env) => void readConfig(env, '/nowhere')),
      ...namesRead((env) => {
        const overrideEnvVars = env as Record<string, string>;
        loadClientConnectConfig({ overrideEnvVars, disableFile: true });
      }),
    ]);
    expect(Object.keys(environmentOf(container)).filter((name) => !read.has(name))).toEqual([]);
  });

  it('holds no secret, and starts nothing local', () => {
    const secrets = container.env.filter(({ valueFrom }) => valueFrom !== undefined);
    const plain = container.env.filter(({ value }) => value !== undefined);
    expect(secrets.map(({ name }) => name)).toContain('DATABASE_URL');
    for (const { valueFrom } of secrets) {
      expect(valueFrom?.secretKeyRef.name).toBe('appsync-secrets');
    }
    expect(plain.map(({ name }) => name).filter((name) => /TOKEN|KEY|URL/.test(name))).toEqual([]);
    expect(configOf(container).temporalAddress).toBeDefined();
  });

  it('runs a command of this program, with options that it has', async () => {
    const started: string[] = [];
    const program = buildProgram(
      async () => void started.push(container.args.join(' ')),
      () => {},
    );
    allBelow(program).forEach((command) => command.exitOverride());
    await program.parseAsync(container.args, { from: 'user' });
    expect(started).toEqual([container.args.join(' ')]);
  });

  it('has nothing to write to and no right of root', () => {
    const pod = containersOf(worker).includes(container) ? worker : catalogJob;
    expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });
});

const allBelow = (command: Command): readonly Command[] =>
  command.commands.flatMap((one) => [one, ...allBelow(one)]);
