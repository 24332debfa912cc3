import { resolve } from 'node:path';
import { readPlugins } from '../../src/catalog/plugins.ts';
import { loadPlugin } from '../../src/platforms/plugins.ts';
import { testConformance } from './conformance.ts';

// The example of docs/extending.md, loaded as a plug-in is: from outside of src, by what a catalog file says.
const [entry] = await readPlugins(resolve('examples/bookshelf/appsync.yaml'));
if (entry === undefined) throw new Error('examples/bookshelf/appsync.yaml names no plug-in');

testConformance(await loadPlugin(entry), [
  'listings are read like sources',
  'lost cursors lose no record',
  'versions stay while nothing changes',
  'versions change with every kind of change',
  'locate finds what is listed, as it is listed',
  'locate has an entry for what is gone or never was',
  'readValue gives the whole of values that were cut short',
  'editedSince names the records that were edited',
  'listFrom gives the records created since',
  'readContent gives content, and the same again',
]);
