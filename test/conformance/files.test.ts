import { files } from '../../src/platforms/files/files.ts';
import { testConformance } from './conformance.ts';

testConformance(files, [
  // A folder is read without requests, and without credentials.
  'every request goes through requests.send, under rules without secrets',
  'a batch that was cancelled can be read again',
  'lost cursors lose no record',
  'a wrong token is Unauthorized',
  'a token that is refused later is Unauthorized',
  'too many requests are RateLimited, with a time to wait',
  'a server error is Unavailable, and passes',
  'an answer that is cut short is Unavailable or InvalidAnswer, and passes',
  'a failure in the middle of a batch loses nothing',
  'no failure holds the token',
  // A file that changed is read whole.
  'an incremental scan goes on from every position',
  'an incremental scan misses no edit and no new record',
  'an incremental scan since long ago is a whole one',
  'a watermark in the future gives nothing and does not fail',
  // Columns are known by their names, and typed by their values.
  'field ids survive a rename',
  'a rename during a scan moves no value',
  'a type that is not known is kept as jsonb or text',
  'counts of its own have names and numbers that can be summed',
  'listings are read like sources',
  'locate finds what is listed, as it is listed',
  'locate has an entry for what is gone or never was',
  'readValue gives the whole of values that were cut short',
  'editedSince names the records that were edited',
  'listFrom gives the records created since',
  'readContent gives content, and the same again',
]);
