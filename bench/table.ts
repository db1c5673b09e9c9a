/** One line of the result: a figure held against its target, or the reason why there is none. */
export interface Row {
  readonly metric: string
  readonly figure: string
  readonly target: string
  /** Null when nothing was measured, `told` for a figure without a target. */
  readonly met: boolean | null | 'told'
}

export function atMost(metric: string, value: number, limit: number, unit: string, note = ''): Row {
  return { metric, figure: figure(value, unit, note), target: `<= ${limit}${unit}`, met: value <= limit }
}

export function atLeast(metric: string, value: number, limit: number, unit: string, note = ''): Row {
  return { metric, figure: figure(value, unit, note), target: `>= ${limit}${unit}`, met: value >= limit }
}

export function skipped(metric: string, target: string, why: string): Row {
  return { metric, figure: why, target, met: null }
}

/** A figure that nobody set a target for. */
export function told(metric: string, words: string): Row {
  return { metric, figure: words, target: '', met: 'told' }
}

export function table(rows: readonly Row[]): string {
  const cells = [
    ['metric', 'figure', 'target', ''],
    ...rows.map(({ metric, figure, target, met }) => [
      metric,
      figure,
      target,
      met === 'told' ? '' : met === null ? 'not measured' : met ? 'met' : 'MISSED',
    ]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)))
  return `${cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')}\n`
}

function figure(value: number, unit: string, note: string): string {
  const text = `${value.toFixed(unit === 'x' ? 2 : value < 10 ? 2 : 1)}${unit}`
  return note === '' ? text : `${text}  (${note})`
}
