import { testSequences } from './sequences.ts';

testSequences('notion', []);
