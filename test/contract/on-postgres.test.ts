// What is promised of ledger and identity is promised on PostgreSQL, too: the same suites, once more.
process.env['COUNTERSIGN_TEST_ENGINE'] = 'postgres'
await import('./ledger-faults.test.ts')
await import('../../src/ledger/open-ledger.test.ts')
await import('../../src/ledger/golden.test.ts')
await import('../../src/ledger/would-be.test.ts')
await import('../../src/identity/admission.test.ts')
await import('../../src/identity/open-identity.test.ts')
await import('../../src/identity/races.test.ts')
await import('../../src/identity/records.test.ts')
await import('../../src/identity/api-tokens.test.ts')
