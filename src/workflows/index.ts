export { reconcileRun } from './reconcile-run.ts';
export { reconcileSource } from './reconcile-source.ts';
export { startScheduledRun } from './scheduled-run.ts';
export { syncPlatform } from './sync-platform.ts';
export { syncRun } from './sync-run.ts';
export { syncSource } from './sync-source.ts';
