// Data flows downward; core is pure. See ARCHITECTURE.md for the table in words.
/** What each part may import of the project, besides itself. Everything else is refused. */
const layers = {
  core: [],
  store: ['core'],
  files: ['core'],
  upstream: ['core', 'files'],
  policy: ['core'],
  ledger: ['core', 'store', 'files'],
  identity: ['core', 'store', 'ledger/ledger'],
  ceremony: ['core', 'identity'],
  config: ['core'],
  spool: ['core'],
  hold: ['core', 'identity/identity'],
  flow: ['core', 'identity/', 'upstream/forge', 'ledger/ledger', 'store/store', 'hold/', 'spool/spool'],
  portal: ['core', 'flow', 'identity', 'ceremony', 'ledger/', 'upstream/forge', 'store/store', 'hold/'],
  front: ['core', 'flow', 'portal', 'upstream/forge', 'identity/identity', 'config'],
}

const forbidden = Object.entries(layers).map(([layer, allowed]) => ({
  name: `${layer}-imports`,
  severity: 'error',
  from: { path: `^src/${layer}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: [`^src/${layer}/`, ...allowed.map((part) => `^src/${part}`)] },
}))

/** One library, one owner. */
const owners = {
  undici: ['upstream', 'front/http', 'front/git', 'gateway'],
  kysely: ['store', 'ledger', 'identity'],
  '@cedar-policy': ['policy'],
  '@simplewebauthn': ['ceremony'],
  hono: ['portal', 'front/http/portal-door'],
  '@hono': ['front/http/portal-door'],
  commander: ['cli'],
  pg: ['store/postgres'],
  pino: ['log'],
  yaml: ['config'],
  zod: ['config'],
}

module.exports = {
  forbidden: [
    ...forbidden,
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^src/core/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: ['^src/core/', '^(node:)?buffer$', '^(node:)?crypto$'] },
    },
    {
      name: 'one-door-to-crypto',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/core/crypto\\.ts$', '\\.test\\.ts$'] },
      to: { path: '^(node:)?crypto$' },
    },
    ...Object.entries(owners).map(([library, parts]) => ({
      name: `${library}-has-one-owner`,
      severity: 'error',
      from: { path: '^src/', pathNot: [...parts.map((part) => `^src/${part}`), '\\.test\\.ts$'] },
      to: { path: `node_modules/${library}(/|$)` },
    })),
    { name: 'no-cycles', severity: 'error', from: { path: '^src/' }, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/portal/browser/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
