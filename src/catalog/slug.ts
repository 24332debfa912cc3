/** Alias and slug: lower-case letters and digits, with - or _ between them; short enough for a table's name. */
export const SLUG = /^[a-z0-9]+([-_][a-z0-9]+)*$/;
export const LONGEST_SLUG = 63;

// Letters that Unicode does not take apart into a base letter and a mark.
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  þ: 'th',
  ı: 'i',
  ħ: 'h',
  ŋ: 'ng',
};

/** A title as a slug of at most `longest` characters, cut between words; empty when no letter of it is Latin. */
export function slugOf(title: string, longest = 48): string {
  const words = title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/\P{ASCII}/gu, (letter) => LETTERS[letter] ?? ' ')
    .replace(/['`]/g, '')
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  let slug = '';
  for (const word of words) {
    const longer = slug === '' ? word.slice(0, longest) : `${slug}-${word}`;
    if (longer.length > longest) break;
    slug = longer;
  }
  return slug;
}

/** The table of a source that names none. */
export const defaultTable = (alias: string) => alias.replaceAll('-', '_');
