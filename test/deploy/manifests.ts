import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const rootFile = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

export interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly image: string;
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
  }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: Readonly<Record<string, unknown>>;
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Pod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly terminationGracePeriodSeconds?: number;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly initContainers?: readonly Container[];
    readonly containers: readonly Container[];
    readonly volumes?: readonly { readonly name: string; readonly configMap: { name: string } }[];
  };
}

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly template: Pod };
}

const manifests = parseAllDocuments(rootFile('deploy/kubernetes.yaml')).map((document) => {
  if (document.errors.length > 0) throw new Error(String(document.errors[0]));
  return document.toJS() as Manifest;
});

function named(kind: string, name: string): Manifest {
  const found = manifests.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** What a ConfigMap holds. */
export const configMap = (name: string) => named('ConfigMap', name).data ?? {};

/** The pods that a Deployment or Job makes. */
export function podOf(kind: 'Deployment' | 'Job', name: string): Pod {
  const pod = named(kind, name).spec?.template;
  if (pod === undefined) throw new Error(`${kind} ${name} makes no pods`);
  return pod;
}

export const containersOf = ({ spec }: Pod): readonly Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
];

/** What a container finds in its environment; secrets are a word of their own. */
export function environmentOf(container: Container): Readonly<Record<string, string>> {
  const shared = container.envFrom.map(({ configMapRef }) => configMap(configMapRef.name));
  const own = container.env.map(({ name, value }) => [name, value ?? `secret-${name}`] as const);
  return Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>;
}
