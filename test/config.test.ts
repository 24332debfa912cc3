import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../src/config.ts';

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
