import type { Platform } from '../../platforms/platform.ts';
import type { StartStage } from './conformance.ts';
import { startSimulatedStage } from './simulated-stage.ts';

/** Platforms import nothing of the simulators, so those of the built-in ones stand here. */
const STAGES: ReadonlyMap<string, StartStage> = new Map([
  ['notion', () => startSimulatedStage('notion')],
  ['airtable', () => startSimulatedStage('airtable')],
]);

/** How the stage of a platform is started: its own, or the one that comes with appsync. */
export const stageOf = ({ name, conformance }: Platform): StartStage | undefined =>
  conformance ?? STAGES.get(name);
