import { airtable } from '../../src/platforms/airtable/airtable.ts';
import { testConformance } from './conformance.ts';

testConformance(airtable, [
  'counts of its own have names and numbers that can be summed',
  'versions stay while nothing changes',
  'versions change with every kind of change',
  'readValue gives the whole of values that were cut short',
  'readContent gives content, and the same again',
]);
