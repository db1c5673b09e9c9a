/** The middle value; with an even count the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Wall-clock milliseconds that `work` took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/**
 * Run every one of `works` once a round, in an order that turns by one each round: what disturbs the machine
 * disturbs them alike, and none is always first. Gives one list of figures per round, in the order of `works`.
 */
export async function interleaved(
  rounds: number,
  works: readonly ((round: number) => Promise<number>)[],
): Promise<number[][]> {
  const out: number[][] = []
  for (let round = 0; round < rounds; round++) {
    const figures: number[] = []
    for (let i = 0; i < works.length; i++) {
      const which = (i + round) % works.length
      figures[which] = await works[which]!(round)
    }
    out.push(figures)
  }
  return out
}
