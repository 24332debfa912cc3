const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal asks to stop; the second ends the process at once, as a shell reports it. */
export function onStopSignals(stop: (signal: string) => void): void {
  let asked = false;
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (asked) process.exit(exitCode);
      asked = true;
      stop(signal);
    });
  }
}
