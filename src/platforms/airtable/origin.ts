import type { Connection } from '../platform.ts';

const AIRTABLE_URL = 'https://api.airtable.com';

/** The origin that requests go to: the account's own, without the `/v0` that some write after it. */
export const originOf = ({ base_url }: Connection) =>
  (base_url ?? AIRTABLE_URL).replace(/\/+$/, '').replace(/\/v0$/, '');
