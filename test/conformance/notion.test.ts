import { notion } from '../../src/platforms/notion/notion.ts';
import { testConformance } from './conformance.ts';

testConformance(notion, [
  'counts of its own have names and numbers that can be summed',
  'versions stay while nothing changes',
  'versions change with every kind of change',
  'editedSince names the records that were edited',
]);
