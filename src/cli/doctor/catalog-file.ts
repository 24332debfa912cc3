import { catalogChanged } from '../../catalog/apply.ts';
import type { CatalogFile } from '../../catalog/file.ts';
import type { Config } from '../../config.ts';
import type { Database } from '../../store/database.ts';
import { formatAmount } from '../../units.ts';
import { readCatalog } from '../catalog.ts';
import type { Findings } from './finding.ts';

/** The catalog file: there, right (aliases included). Returns it, or null. */
export async function checkCatalogFile(
  config: Config,
  findings: Findings,
): Promise<CatalogFile | null> {
  const file = await readCatalog(config);
  if (file === null) {
    findings.warn(`there is no ${config.catalogPath}`, 'appsync init');
    return null;
  }
  findings.ok(`${file.path}: ${formatAmount(file.sources.length, 'source')}, no mistakes`);
  return file;
}

/** Whether Postgres has what the file says. */
export async function checkApplied(
  db: Database,
  file: CatalogFile,
  findings: Findings,
): Promise<void> {
  if (await catalogChanged(db, file)) {
    findings.warn(`${file.path} is not what was applied last`, 'appsync sources apply');
  } else {
    findings.ok('applied');
  }
}
