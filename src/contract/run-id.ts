/** A run's id: the time in UTC and four random hex digits, so that ids sort by time. `20261123-161502-4f2a` */
export function newRunId(now: number, random: string): string {
  const [date = '', time = ''] = new Date(now).toISOString().split('T');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${random}`;
}
