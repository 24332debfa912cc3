import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/**
 * Builds the workflow bundle ahead (part of `npm run build`), so that a worker starts without webpack
 * (about 1 s on two cores) and every worker of a build runs the same workflow code.
 */
export async function buildWorkflowBundle(
  workflowsPath: string,
  failureConverterPath?: string,
): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    preloadModules: [workflowsPath],
    logger: new DefaultLogger('WARN'),
    ...(failureConverterPath === undefined ? {} : { failureConverterPath }),
  });
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  const workflows = path('./workflows/index.js');
  await writeFile(path('./workflow-bundle.js'), await buildWorkflowBundle(workflows));
  // Where payloads are encrypted, messages of failures have to be payloads; elsewhere people want to read them.
  const converter = path('./temporal/encoded-failures.js');
  await writeFile(
    path('./workflow-bundle-encrypting.js'),
    await buildWorkflowBundle(workflows, converter),
  );
}
