import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8')
const [light, dark] = css
  .split('@media (prefers-color-scheme: dark)')
  .map(
    (block) =>
      new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name!, value!])),
  ) as [Map<string, string>, Map<string, string>]

/** Text on its ground, as base.css pairs them. */
const PAIRS = [
  ...['ground', 'surface', 'sunken'].flatMap((ground) => ['ink', 'ink-soft'].map((ink) => [ink, ground])),
  ...['ground', 'surface'].map((ground) => ['seal', ground]),
  ['seal-ink', 'seal'],
  ['seal-ink', 'seal-strong'],
  ['good', 'seal-wash'],
  ['ink', 'seal-wash'],
  ['warn', 'warn-wash'],
  ['ink', 'warn-wash'],
  ['danger', 'surface'],
  ['danger', 'danger-wash'],
  ['danger-strong', 'danger-wash'],
  ['ink', 'danger-wash'],
  ['surface', 'danger'],
  ...['add-wash', 'del-wash'].flatMap((ground) => ['ink', 'ink-soft', 'warn'].map((ink) => [ink, ground])),
  ['good', 'add-wash'],
  ['danger', 'del-wash'],
] as const

/** Relative luminance (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  }) as [number, number, number]
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

for (const [scheme, tokens] of [
  ['light', light],
  ['dark', dark],
] as const) {
  test(`text is readable in the ${scheme} scheme: 4.5:1, edges of fields and the focus ring 3:1 (WCAG 1.4.3, 1.4.11)`, () => {
    for (const [ink, ground] of PAIRS) {
      const ratio = contrast(tokens.get(ink!)!, tokens.get(ground!)!)
      assert.ok(ratio >= 4.5, `${ink} on ${ground}: ${ratio.toFixed(2)}`)
    }
    for (const edge of ['line-strong', 'focus']) {
      for (const ground of ['ground', 'surface']) {
        const ratio = contrast(tokens.get(edge)!, tokens.get(ground)!)
        assert.ok(ratio >= 3, `${edge} on ${ground}: ${ratio.toFixed(2)}`)
      }
    }
  })
}
