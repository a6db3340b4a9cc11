// Work of which only the newest matters: it waits a little, and newer work ends older.

/** Runs the newest of what it is given. */
export class Latest {
  private timer: NodeJS.Timeout | undefined;
  private running: AbortController | undefined;

  /** Runs `work` after so many milliseconds, unless something newer comes. The signal tells it when that happens. */
  schedule(delay: number, work: (signal: AbortSignal) => Promise<void>): void {
    this.cancel();
    const own = new AbortController();
    this.running = own;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void work(own.signal).finally(() => {
        if (this.running === own) {
          this.running = undefined;
        }
      });
    }, delay);
  }

  /** Ends what waits or runs. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.running?.abort();
    this.running = undefined;
  }
}
