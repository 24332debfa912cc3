/** Name and value of what tells one series of a metric from another. Few values each, never content of a record. */
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  /** Histograms: `_bucket`, `_sum` or `_count`. */
  readonly suffix?: string;
}

/** A metric with all its series, as Prometheus reads it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/** The text format of Prometheus, version 0.0.4. A family without samples is left out. */
export function renderFamilies(families: readonly Family[]): string {
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, help, type, samples }) =>
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n` +
        samples.map((sample) => `${name}${renderSample(sample)}\n`).join(''),
    )
    .join('');
}

function renderSample({ labels, value, suffix = '' }: Sample): string {
  const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escapeLabel(text)}"`);
  return `${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const escapeLabel = (text: string) =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

export interface Counter {
  add(labels: Labels, amount: number): void;
  family(): Family;
}

/** A number that only grows, per set of labels, for the life of the process. */
export function createCounter(name: string, help: string): Counter {
  const series = new Map<string, { labels: Labels; value: number }>();
  return {
    add(labels, amount) {
      const key = JSON.stringify(labels);
      const one = series.get(key) ?? { labels, value: 0 };
      one.value += amount;
      series.set(key, one);
    },
    family: () => ({ name, help, type: 'counter', samples: [...series.values()] }),
  };
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
  family(): Family;
}

/** How often values were at most so large, per set of labels. `bounds` in ascending order. */
export function createHistogram(name: string, help: string, bounds: readonly number[]): Histogram {
  interface Series {
    readonly labels: Labels;
    /** By bound, the last one for everything above all bounds. */
    readonly counts: number[];
    sum: number;
  }
  const series = new Map<string, Series>();
  const samplesOf = ({ labels, counts, sum }: Series): Sample[] => {
    let count = 0;
    const buckets = counts.map((more, i): Sample => {
      count += more;
      const le = i < bounds.length ? String(bounds[i]) : '+Inf';
      return { labels: { ...labels, le }, value: count, suffix: '_bucket' };
    });
    return [
      ...buckets,
      { labels, value: sum, suffix: '_sum' },
      { labels, value: count, suffix: '_count' },
    ];
  };
  return {
    observe(labels, value) {
      const key = JSON.stringify(labels);
      const empty = () => ({ labels, counts: Array<number>(bounds.length + 1).fill(0), sum: 0 });
      const one = series.get(key) ?? empty();
      const bucket = bounds.findIndex((bound) => value <= bound);
      const index = bucket === -1 ? bounds.length : bucket;
      one.counts[index] = (one.counts[index] ?? 0) + 1;
      one.sum += value;
      series.set(key, one);
    },
    family: () => ({
      name,
      help,
      type: 'histogram',
      samples: [...series.values()].flatMap(samplesOf),
    }),
  };
}
