/** An identifier quoted for SQL. Every name that is not written in this program goes through here. */
export const quote = (identifier: string) => `"${identifier.replaceAll('"', '""')}"`;

/** `"schema"."table"` */
export const quoteTable = (table: { readonly table_schema: string; readonly table_name: string }) =>
  `${quote(table.table_schema)}.${quote(table.table_name)}`;
