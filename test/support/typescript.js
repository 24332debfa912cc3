import { register } from 'node:module';

// Lets plain Node import the sources (`node --import ./test/support/typescript.js src/….ts`): Jest does
// not transform its global set-up, nor the processes that tests start.
register('./typescript-loader.js', import.meta.url);
