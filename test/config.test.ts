import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../src/config.ts';
import { EXIT } from '../src/errors.ts';

const healthAddress = (text: string) =>
  readConfig({ APPSYNC_HEALTH_ADDRESS: text }, '/nowhere').healthAddress;

describe('APPSYNC_HEALTH_ADDRESS', () => {
  it('is host and port, IPv6 in brackets, and nowhere when it is not set', () => {
    expect(healthAddress('127.0.0.1:9464')).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(healthAddress('worker.internal:0')).toEqual({ host: 'worker.internal', port: 0 });
    expect(healthAddress('[::1]:9464')).toEqual({ host: '::1', port: 9464 });
    expect(healthAddress('')).toBeUndefined();
  });

  it.each(['9464', ':9464', '::1:9464', 'host:', 'host:65536', 'http://host:1', 'host:1/x', 'a b'])(
    'is a configuration error as %s',
    (text) => {
      expect(() => healthAddress(text)).toThrow('APPSYNC_HEALTH_ADDRESS must be host:port');
    },
  );
});

describe('APPSYNC_GRACE_SECONDS', () => {
  it('is a whole number of seconds up to an hour, 10 unless set', () => {
    const grace = (text: string) => readConfig({ APPSYNC_GRACE_SECONDS: text }, '/nowhere');
    expect(grace('').graceSeconds).toBe(10);
    expect(grace('0').graceSeconds).toBe(0);
    for (const wrong of ['-1', '1.5', '10s', '3601']) {
      expect(() => grace(wrong)).toThrow('APPSYNC_GRACE_SECONDS must be');
    }
  });
});

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
