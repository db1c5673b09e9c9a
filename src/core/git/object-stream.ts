// What `git cat-file --batch` writes (git-cat-file, "BATCH OUTPUT"), for each id it was asked for, in order:
//   id SP type SP size LF  contents LF     or     id SP "missing" LF

export interface StreamedObject {
  readonly id: string
  readonly type: string
  readonly bytes: Buffer
  /** The object is longer than `bytes`. */
  readonly more: boolean
}

/** The object whose contents come now. */
interface Current {
  readonly id: string
  readonly type: string
  /** Bytes still to come. */
  left: number
  readonly parts: Buffer[]
  held: number
  more: boolean
}

/** Reads it as it comes, in chunks of any size, and keeps of one object no more than `kept` bytes. */
export class ObjectStream {
  readonly #kept: number
  readonly #object: (object: StreamedObject) => void
  #head = ''
  #current: Current | null = null
  #broken = false

  constructor(kept: number, object: (object: StreamedObject) => void) {
    this.#kept = kept
    this.#object = object
  }

  /** False when this is not what git writes; nothing more is read then. */
  push(chunk: Buffer): boolean {
    for (let at = 0; at < chunk.length && !this.#broken; ) {
      if (this.#current) at = this.#contents(this.#current, chunk, at)
      else {
        const end = chunk.indexOf(10, at)
        this.#head += chunk.toString('latin1', at, end === -1 ? chunk.length : end)
        at = end === -1 ? chunk.length : end + 1
        if (this.#head.length > 256) this.#broken = true
        else if (end !== -1) this.#begin()
      }
    }
    return !this.#broken
  }

  /** Whether it ended between two objects. */
  ended(): boolean {
    return !this.#broken && this.#current === null && this.#head === ''
  }

  #begin(): void {
    const match = /^([0-9a-f]{40,64}) (?:missing|(commit|tag|tree|blob) (\d{1,15}))$/.exec(this.#head)
    this.#head = ''
    if (!match) this.#broken = true
    else if (match[2] !== undefined)
      this.#current = {
        id: match[1]!,
        type: match[2],
        left: Number(match[3]),
        parts: [],
        held: 0,
        more: false,
      }
  }

  #contents(current: Current, chunk: Buffer, at: number): number {
    const part = chunk.subarray(at, at + current.left)
    current.left -= part.length
    const room = part.subarray(0, this.#kept - current.held)
    if (room.length > 0) current.parts.push(Buffer.from(room)) // a copy: the chunk is not held beyond this call
    current.held += room.length
    current.more ||= room.length < part.length
    const end = at + part.length
    if (current.left > 0 || end === chunk.length) return end
    if (chunk[end] !== 10) this.#broken = true
    else {
      const { id, type, parts, more } = current
      this.#current = null
      this.#object({ id, type, bytes: Buffer.concat(parts), more })
    }
    return end + 1
  }
}
