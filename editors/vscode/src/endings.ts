// How often the server has ended by itself lately, which says whether it is worth starting again.

/** So often within `WITHIN_MS` it is started again. */
export const AGAIN_MAX = 3;
export const WITHIN_MS = 3 * 60 * 1000;

export class Endings {
  private times: readonly number[] = [];

  /** Counts one; answers whether to start the server again. `now` is in milliseconds. */
  again(now: number): boolean {
    this.times = [...this.times.filter((time) => now - time < WITHIN_MS), now];
    return this.times.length <= AGAIN_MAX;
  }
}
