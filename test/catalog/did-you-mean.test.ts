import { describe, expect, it } from '@jest/globals';
import { didYouMean, nearest } from '../../src/catalog/did-you-mean.ts';

const KNOWN = ['notion', 'airtable', 'skyflow', 'skyflow-artefacts', 'tasks', 'Main'];

describe('did you mean', () => {
  it.each([
    ['notoin', 'notion'],
    ['notio', 'notion'],
    ['airtabel', 'airtable'],
    ['TASKS', 'tasks'],
    ['main', 'Main'],
    ['skyflow-artifacts', 'skyflow-artefacts'],
  ])('takes %s for %s', (typed, meant) => expect(nearest(typed, KNOWN)[0]).toBe(meant));

  it('takes the beginning of a word for the word', () =>
    expect(nearest('sky', KNOWN)).toEqual(['skyflow', 'skyflow-artefacts']));

  it('says nothing when nothing is near', () => {
    expect(didYouMean('quarterly-report', KNOWN)).toBe('');
    expect(didYouMean('', KNOWN)).toBe('');
  });
});
