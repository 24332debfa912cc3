/// <reference lib="dom" />
import type { Page } from 'puppeteer-core';

export interface Contrast {
  readonly text: string;
  readonly ratio: number;
}

/** Contrast, as WCAG 2 defines it, of each piece of text with the nearest ground behind it. */
export function contrasts(page: Page): Promise<readonly Contrast[]> {
  return page.evaluate(() => {
    const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (colour: string) => {
      const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const groundOf = (element: Element | null): string => {
      for (let one = element; one !== null; one = one.parentElement) {
        const { backgroundColor } = getComputedStyle(one);
        const [, , , alpha = 1] = channels(backgroundColor);
        if (alpha > 0) return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode() !== null) {
      const text = walker.currentNode.textContent?.trim() ?? '';
      const element = walker.currentNode.parentElement;
      if (text === '' || element === null || element.tagName === 'SCRIPT') continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(groundOf(element))];
      found.push({ text, ratio: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) });
    }
    return found;
  });
}
