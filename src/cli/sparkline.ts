const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** A bar per value, the highest for the greatest; nothing but 0 is the lowest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(0, ...values);
  return values
    .map((value) =>
      value <= 0 ? BARS[0] : (BARS[Math.max(1, Math.round((value / most) * 7))] ?? BARS[7]),
    )
    .join('');
}
