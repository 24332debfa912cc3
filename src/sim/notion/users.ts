import { mix, pick, seededUuid } from '../seeded.ts';

export interface NotionUser {
  readonly id: string;
  name: string;
  readonly type: 'person' | 'bot';
  readonly email: string;
}

const FIRST_NAMES = [
  'Ada',
  'Bela',
  'Chiyo',
  'Dunja',
  'Emeka',
  'Fatou',
  'Goran',
  'Hana',
  'Ines',
  'Jörg',
];
const LAST_NAMES = ['Abara', 'Brandt', 'Castellanos', 'Dvořák', 'Eriksen', 'Fujita', '李', 'Nowak'];

/** Forty people and a bot, invented. */
export function seededUsers(seed: number): readonly NotionUser[] {
  const people = Array.from({ length: 40 }, (_, index) => {
    const first = pick(FIRST_NAMES, index);
    const last = pick(LAST_NAMES, mix(seed, index));
    return {
      id: seededUuid(seed + 11, index),
      name: `${first} ${last}`,
      type: 'person' as const,
      email: `person${index}@example.com`,
    };
  });
  return [...people, seededBot(seed, 99, 'Importer')];
}

export function seededBot(seed: number, index: number, name: string): NotionUser {
  return { id: seededUuid(seed + 12, index), name, type: 'bot', email: '' };
}

/** A user as it stands in people, created_by and last_edited_by values. */
export function fullUser(user: NotionUser): Record<string, unknown> {
  return {
    object: 'user',
    id: user.id,
    name: user.name,
    avatar_url: null,
    type: user.type,
    ...(user.type === 'bot' ? { bot: {} } : { person: { email: user.email } }),
  };
}

export const partialUser = (id: string) => ({ object: 'user', id });

/** A user as the users endpoints give it: e-mail only with the capability, details of one's own bot. */
export function listedUser(
  user: NotionUser,
  see: {
    readonly emails: boolean;
    readonly ownBot: string;
    readonly workspace: { id: string; name: string };
  },
): Record<string, unknown> {
  const listed = fullUser(user);
  if (user.type === 'person') return see.emails ? listed : { ...listed, person: {} };
  if (user.id !== see.ownBot) return listed;
  return {
    ...listed,
    bot: {
      owner: { type: 'workspace', workspace: true },
      workspace_name: see.workspace.name,
      workspace_id: see.workspace.id,
      workspace_limits: { max_file_upload_size_in_bytes: 5_368_709_120 },
    },
  };
}
