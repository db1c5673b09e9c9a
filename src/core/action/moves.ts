import { Buffer } from 'node:buffer'
import type { SignedMerge } from '../git/merged-commit.ts'
import type { Field } from './field.ts'

/** A ref that a change of a page moves. */
export interface RefMove {
  /** The ref name as git's bytes read as latin1. */
  readonly ref: string
  /** All zeros: it does not exist before. */
  readonly before: string
  /** All zeros: it is gone after. Null where only the forge's answer tells which commit it will be. */
  readonly after: string | null
}

/** A ref of an open intent: one that moves, or whose `after` is its `before` and that is only kept from others. */
export interface KeptRef extends RefMove {
  /** What the new commit must be. */
  readonly merge?: SignedMerge
  /** The forge's id of its repository, when that is another one than the change's. */
  readonly repo?: number
}

/** What a ref must hold for a change to mean what was signed; all zeros: nothing. */
export interface Tip {
  readonly ref: string
  readonly id: string
}

const NONE = '0'.repeat(40)

const FILES = new Set(['file.create', 'file.edit', 'file.delete', 'file.upload'])
const PAGES = new Set(['wiki.create', 'wiki.update', 'wiki.delete'])
const RELEASES = new Set(['release.create', 'release.update', 'release.delete'])

/** Whether it makes one commit of files, which the gateway builds itself. */
export function makesCommit(verb: string): boolean {
  return FILES.has(verb) || PAGES.has(verb)
}

/** Which of the two repositories under one name a change is about. */
export function partOf(verb: string): 'code' | 'wiki' {
  return PAGES.has(verb) ? 'wiki' : 'code'
}

/** Whether it is about a release, and so about a tag. */
export function isRelease(verb: string): boolean {
  return RELEASES.has(verb)
}

/**
 * The refs that a change moves, by its stated fields; none for what moves none. The fields may be anybody's. One whose
 * `after` is its `before` must stay as it is.
 */
export function movesOf(verb: string, fields: readonly Field[]): readonly RefMove[] {
  if (isRelease(verb)) return tagMove(verb, fields)
  if (verb === 'pr.merge') return [{ ...baseMove(fields), after: null }]
  const tips = tipsOf(verb, fields)
  if (verb === 'branch.delete')
    return tips.map(({ ref, id }) => ({ ref, before: id, after: '0'.repeat(id.length) }))
  // Of a commit the last: the branch itself, or the new one.
  const commit = fields.findLast(([key]) => key === 'commit')?.[1] ?? ''
  return tips.slice(-1).map(({ ref, id }) => ({ ref, before: id, after: commit }))
}

/** What the refs must hold right before it, by its stated fields. */
export function tipsOf(verb: string, fields: readonly Field[]): readonly Tip[] {
  const said = saidIn(fields)
  if (verb === 'branch.delete') return [{ ref: branchRef(said('branch')), id: said('commit') }]
  if (isRelease(verb)) return releaseTips(verb, fields)
  if (verb === 'pr.merge') {
    const { ref, before } = baseMove(fields)
    return [{ ref, id: before }]
  }
  if (!makesCommit(verb)) return []
  const branch = { ref: branchRef(said('branch')), id: said('tip') }
  return said('commit-choice') === 'new-branch'
    ? [branch, { ref: branchRef(said('new-branch')), id: NONE }]
    : [branch]
}

/** A release that is published names its tag, or makes it at the tip of a branch; one that is deleted takes its tag along. */
function tagMove(verb: string, fields: readonly Field[]): readonly RefMove[] {
  const said = saidIn(fields)
  const ref = tagRef(said('tag'))
  const id = said('tag-id')
  if (id !== '') return [{ ref, before: id, after: verb === 'release.delete' ? '0'.repeat(id.length) : id }]
  const commit = said('commit')
  return commit === '' ? [] : [{ ref, before: NONE, after: commit }]
}

function releaseTips(verb: string, fields: readonly Field[]): readonly Tip[] {
  const said = saidIn(fields)
  const tags = tagMove(verb, fields).map(({ ref, before }) => ({ ref, id: before }))
  return said('commit') === '' ? tags : [...tags, { ref: branchRef(said('target')), id: said('commit') }]
}

function baseMove(fields: readonly Field[]): { readonly ref: string; readonly before: string } {
  const said = saidIn(fields)
  return { ref: refBytes(said('base-ref')), before: said('base') }
}

/** The value of a stated field; empty when it is not there. */
export function saidIn(fields: readonly Field[]): (key: string) => string {
  return (key) => fields.find((one) => one[0] === key)?.[1] ?? ''
}

/** A branch by the name that pages give it, as git's bytes. */
export function branchRef(branch: string): string {
  return `refs/heads/${refBytes(branch)}`
}

/** A name as pages give it, as git's bytes read as latin1. */
export function refBytes(name: string): string {
  return Buffer.from(name, 'utf8').toString('latin1')
}

/** A tag by the name that pages give it, as git's bytes. */
export function tagRef(tag: string): string {
  return `refs/tags/${refBytes(tag)}`
}

/** What `refs` hold under a name; all zeros for nothing. */
export function tipIn(refs: ReadonlyMap<string, string> | undefined, ref: string): string {
  return refs?.get(ref) ?? NONE
}
