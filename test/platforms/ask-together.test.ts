import { describe, expect, it } from '@jest/globals';
import { askTogether } from '../../src/platforms/ask-together.ts';
import { until } from '../support/until.ts';

/** One request of each that asks: what it is answered, and a way to let it leave. */
function asking(name: string) {
  const sent: { leave(): void; answer(value: string): void; fail(reason: Error): void }[] = [];
  const ask = (signal = new AbortController().signal) =>
    askTogether(name, signal, (leave) => {
      const answered = new Promise<string>((answer, fail) => {
        signal.addEventListener('abort', () => fail(signal.reason as Error));
        sent.push({ leave, answer, fail });
      });
      return answered;
    });
  const request = (index: number) => {
    const found = sent[index];
    if (found === undefined) throw new Error(`${index} requests were made`);
    return found;
  };
  return { ask, sent, request };
}

describe('whoever asks for what somebody else is about to ask for', () => {
  it('gets that answer', async () => {
    const { ask, sent, request } = asking('shared');
    const answers = Promise.all([ask(), ask(), ask()]);
    expect(sent).toHaveLength(1);
    request(0).leave();
    request(0).answer('one');
    expect(await answers).toEqual(['one', 'one', 'one']);
  });

  it('asks alone when that request has left: what it is answered may be of before', async () => {
    const { ask, sent, request } = asking('left');
    const first = ask();
    request(0).leave();
    const second = ask();
    const third = ask();
    expect(sent).toHaveLength(2);
    request(0).answer('before');
    request(1).answer('after');
    expect(await Promise.all([first, second, third])).toEqual(['before', 'after', 'after']);
  });

  it('shares no failure: one of the others asks again, for all of them', async () => {
    const { ask, sent, request } = asking('failed');
    const failing = ask();
    const others = Promise.all([ask(), ask()]);
    request(0).fail(new Error('no answer'));
    await expect(failing).rejects.toThrow('no answer');
    await until(() => sent.length === 2);
    request(1).answer('again');
    expect(await others).toEqual(['again', 'again']);
  });

  it('does not end with the one who asks, nor does that one with him', async () => {
    const { ask, sent, request } = asking('cancelled');
    const [asker, waiting] = [new AbortController(), new AbortController()];
    const asked = ask(asker.signal);
    const gone = ask(waiting.signal);
    const staying = ask();
    waiting.abort(new Error('cancelled while waiting'));
    await expect(gone).rejects.toThrow('cancelled while waiting');
    asker.abort(new Error('cancelled'));
    await expect(asked).rejects.toThrow('cancelled');
    await until(() => sent.length === 2);
    request(1).answer('stayed');
    expect(await staying).toBe('stayed');
    await expect(ask(waiting.signal)).rejects.toThrow('cancelled while waiting');
    expect(sent).toHaveLength(2);
  });

  it('finds nothing of what is over', async () => {
    const { ask, sent, request } = asking('over');
    const first = ask();
    request(0).answer('first');
    expect(await first).toBe('first');
    const second = ask();
    expect(sent).toHaveLength(2);
    request(1).answer('second');
    expect(await second).toBe('second');
  });
});
