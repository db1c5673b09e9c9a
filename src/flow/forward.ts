import type { Gate } from './passage.ts'

/** Carried out by the door that the attempt came through. */
export const forward: Gate = (passage) =>
  passage.attempt.carry(passage).then((outcome) => {
    passage.outcome = outcome
    return undefined
  })
