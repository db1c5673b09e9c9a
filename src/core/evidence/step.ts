/** One step of the argument. */
export interface Step {
  readonly outcome: 'holds' | 'fails' | 'not-checkable'
  readonly say: string
}

/** Where ceremonies took place. */
export interface Portal {
  readonly portal: string
  readonly rpId: string
}

export const holds = (say: string): Step => ({ outcome: 'holds', say })
export const fails = (say: string): Step => ({ outcome: 'fails', say })
export const notCheckable = (say: string): Step => ({ outcome: 'not-checkable', say })
