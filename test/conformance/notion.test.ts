import { notion } from '../../src/platforms/notion/notion.ts';
import { testConformance } from './conformance.ts';

testConformance(notion, [
  'versions stay while nothing changes',
  'versions change with every kind of change',
  'editedSince names the records that were edited',
]);
