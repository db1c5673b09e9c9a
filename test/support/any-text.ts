import fc from 'fast-check'

const point = fc.oneof(
  fc.integer({ min: 0, max: 0x24f }),
  fc.integer({ min: 0, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0x10ffff }),
)

/** Any text that UTF-8 can write. fast-check's own unit `binary` first maps all 1.1 million characters, a second of work. */
export const anyText: fc.Arbitrary<string> = fc.array(point).map((points) => String.fromCodePoint(...points))
