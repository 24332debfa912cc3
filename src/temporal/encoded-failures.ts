import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Puts messages and stack traces of failures into a payload, where encryption reaches them. The SDK takes
 * it by path and by this name; it is bundled with the workflows of an installation that encrypts.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
