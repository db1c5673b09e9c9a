import type { ChangeSchema } from '../../../core/action/change.ts'
import {
  choice,
  type FieldSpec,
  field,
  ID,
  line,
  lines,
  PRESSED,
  YES_NO,
} from '../../../core/action/field.ts'
import { at, BRANCH_AND_PATH, COMMIT, content, id, PATH, REF, UPLOAD } from './kinds.ts'

// Characters. A message stands in the statement as it is, escaped, and that is 64 KiB at most.
const MESSAGE = 2048
const PLACE = field('at', BRANCH_AND_PATH, { required: true })
const COMMITTED: readonly FieldSpec[] = [
  field('commit-summary', line(100)),
  field('commit-message', lines(MESSAGE)),
  field('commit-choice', choice({ direct: 'direct', 'commit-to-new-branch': 'new-branch' }), {
    required: true,
  }),
  // The page sends a name in either case.
  field('new-branch', REF, {
    name: 'new_branch_name',
    required: true,
    when: ['commit-choice', 'new-branch'],
  }),
]
const LAST_COMMIT = field('last-commit', COMMIT)
const FILES = field('file', UPLOAD, { name: 'files', list: true })

export const FILE_CREATE: ChangeSchema = {
  verbs: ['file.create'],
  params: [PLACE],
  fields: [
    field('path', PATH, { name: 'tree_path', required: true }),
    content('content', 'content', true),
    ...COMMITTED,
    LAST_COMMIT,
  ],
  sentence: (said, where) => `Add the file ${said('path')} to ${at(where)}, at ${said('at')}`,
}

export const FILE_EDIT: ChangeSchema = {
  ...FILE_CREATE,
  verbs: ['file.edit'],
  sentence: (said, where) => `Change the file ${said('at')} of ${at(where)}, and keep it as ${said('path')}`,
}

export const FILE_DELETE: ChangeSchema = {
  verbs: ['file.delete'],
  params: [PLACE],
  ignore: ['last_commit'],
  fields: COMMITTED,
  sentence: (said, where) => `Delete the file ${said('at')} of ${at(where)}`,
}

export const FILE_UPLOAD: ChangeSchema = {
  verbs: ['file.upload'],
  params: [PLACE],
  fields: [
    field('path', PATH, { name: 'tree_path' }),
    ...COMMITTED,
    field('file', UPLOAD, { name: 'files', list: true, required: true }),
  ],
  sentence: (said, where) => `Add uploaded files to ${at(where)}, at ${said('at')}`,
}

export const BRANCH_DELETE: ChangeSchema = {
  verbs: ['branch.delete'],
  params: [field('branch', REF, { required: true })],
  ignore: ['redirect_to'],
  fields: [field('commit', COMMIT)],
  sentence: (said, where) => `Delete the branch ${said('branch')} of ${at(where)}`,
}

export const PULL_MERGE: ChangeSchema = {
  verbs: ['pr.merge'],
  params: [field('pull', ID, { required: true })],
  fields: [
    field('style', choice({ create_merge_commit: 'merge-commit', rebase_before_merging: 'rebase' }), {
      name: 'merge_style',
      required: true,
    }),
    field('commit-description', lines(MESSAGE)),
  ],
  sentence: (said, where) =>
    `Merge pull request ${said('pull')} of ${at(where)} by ${said('style') === 'rebase' ? 'a rebase' : 'a merge commit'}`,
}

const RELEASED: readonly FieldSpec[] = [
  field('title', line(255), { required: true }),
  content('notes', 'content', false),
  field('prerelease', YES_NO),
  field('draft', PRESSED),
  FILES,
]

export const RELEASE_CREATE: ChangeSchema = {
  verbs: ['release.create'],
  fields: [
    field('tag', REF, { name: 'tag_name', required: true }),
    field('target', REF, { name: 'tag_target', required: true }),
    ...RELEASED,
  ],
  sentence: (said, where) =>
    said('draft') === 'yes'
      ? `Keep a draft of the release ${said('tag')} of ${at(where)}`
      : `Publish the release ${said('tag')} of ${at(where)} from ${said('target')}`,
}

export const RELEASE_UPDATE: ChangeSchema = {
  verbs: ['release.update'],
  params: [field('tag', REF, { required: true })],
  ignore: ['tag_name', 'tag_target'],
  fields: RELEASED,
  sentence: (said, where) => `Change the release ${said('tag')} of ${at(where)}`,
}

export const RELEASE_DELETE: ChangeSchema = {
  verbs: ['release.delete'],
  fields: [id('release', 'id')],
  sentence: (said, where) => `Delete release ${said('release')} of ${at(where)}`,
}

// Gogs makes a file name of a title, so it is held to the rules of one.
const TITLE = field('title', PATH, { required: true })
const PAGE = field('page', PATH, { required: true })

export const WIKI_CREATE: ChangeSchema = {
  verbs: ['wiki.create'],
  ignore: ['old_title'],
  fields: [TITLE, content('content', 'content', true), field('message', line(255))],
  sentence: (said, where) => `Add the page ${said('title')} to the wiki of ${at(where)}`,
}

export const WIKI_UPDATE: ChangeSchema = {
  verbs: ['wiki.update'],
  params: [PAGE],
  fields: [field('old-title', PATH), TITLE, content('content', 'content', true), field('message', line(255))],
  sentence: (said, where) =>
    `Change the page ${said('old-title') || said('page')} of the wiki of ${at(where)}, and keep it as ${said('title')}`,
}

export const WIKI_DELETE: ChangeSchema = {
  verbs: ['wiki.delete'],
  params: [PAGE],
  ignore: ['id'],
  fields: [],
  sentence: (said, where) => `Delete the page ${said('page')} of the wiki of ${at(where)}`,
}

export function milestoneStatus(state: 'open' | 'closed'): ChangeSchema {
  return {
    verbs: ['milestone.status'],
    constants: [['state', state]],
    params: [field('milestone', ID, { required: true })],
    fields: [],
    sentence: (said, where) =>
      `${state === 'open' ? 'Open' : 'Close'} milestone ${said('milestone')} of ${at(where)}`,
  }
}
