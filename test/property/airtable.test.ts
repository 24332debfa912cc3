import { testSequences } from './sequences.ts';

testSequences('airtable', []);
