/** Formats in which the content of records (the body of a page) can be kept. */
export const CONTENT_FORMATS = ['markdown'] as const;
export type ContentFormat = (typeof CONTENT_FORMATS)[number];
