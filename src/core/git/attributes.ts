/**
 * Whether an attributes file says how something is merged (gitattributes(5), "Performing a three-way merge"). Lines end with LF,
 * words with blanks, and behind a quoted pattern a word needs none; a pattern that only looks like it counts, too. `binary` is left
 * out: where it tells in a merge, the two sides conflict.
 */
export function setsMerge(text: string): boolean {
  return text
    .split('\n')
    .some((line) => !/^[ \t\r]*#/.test(line) && /(?:^|["\s])[-!]?merge(?:[=\s]|$)/.test(line))
}
