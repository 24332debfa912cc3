import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { EXIT } from '../src/errors.ts';

const read = (APPSYNC_DEPLOYMENT?: string, APPSYNC_BUILD_ID?: string) =>
  readConfig({ APPSYNC_DEPLOYMENT, APPSYNC_BUILD_ID }, '/nowhere').deployment;

describe('the build of a worker', () => {
  it('is a deployment and a build id, or nothing', () => {
    expect(read()).toBeUndefined();
    expect(read('', '')).toBeUndefined();
    expect(read('appsync', '0.2.0-rc.1+4f2a')).toEqual({
      name: 'appsync',
      buildId: '0.2.0-rc.1+4f2a',
    });
  });

  it.each([
    ['appsync', undefined, 'APPSYNC_DEPLOYMENT is set and APPSYNC_BUILD_ID is not'],
    [undefined, '0.2.0', 'APPSYNC_BUILD_ID is set and APPSYNC_DEPLOYMENT is not'],
    ['app:sync', '0.2.0', 'APPSYNC_DEPLOYMENT may hold letters'],
    ['app.sync', '0.2.0', 'APPSYNC_DEPLOYMENT may hold letters'],
    ['__own', '0.2.0', 'APPSYNC_DEPLOYMENT may hold letters'],
    ['appsync', '0.2:0', 'APPSYNC_BUILD_ID may hold letters'],
    ['appsync', "0' or '1", 'APPSYNC_BUILD_ID may hold letters'],
  ])('is refused as %s and %s', (name, buildId, message) => {
    expect(() => read(name, buildId)).toThrow(
      expect.objectContaining({
        exitCode: EXIT.credentials,
        message: expect.stringContaining(message),
      }),
    );
  });
});
