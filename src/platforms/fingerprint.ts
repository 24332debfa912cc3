import { createHmac } from 'node:crypto';

/** Names a token's budget without saying anything about the token. `salt` belongs to the installation. */
export const tokenFingerprint = (token: string, salt: string): string =>
  createHmac('sha256', salt).update(token).digest('hex').slice(0, 16);
