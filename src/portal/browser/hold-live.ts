// A page that keeps up: it hears of changes by an event stream, or asks every two seconds where there is none.

const POLL = 2000
/** A page that asks keeps its session alive; one that nobody looks at stops. */
const POLL_AT_MOST = 30 * 60_000

/** Call `changed` whenever the version at `path` is another than `known()`. Ends when the server says it is over. */
export function listen(path: string, known: () => string, changed: () => Promise<void>): void {
  let over = false
  let last: Promise<void> = Promise.resolve()
  /** One change after the other, so that two events never fetch the page at once. */
  function hear(news: () => boolean): Promise<void> {
    last = last.then(() => (news() ? changed() : undefined)).catch(() => undefined)
    return last
  }
  function poll(since: number): void {
    setTimeout(async () => {
      if (over || Date.now() - since > POLL_AT_MOST) return
      if (document.visibilityState === 'visible') {
        const response = await fetch(`${path}/state`, { redirect: 'manual', cache: 'no-store' }).catch(
          () => null,
        )
        if (response && !response.ok) {
          // Signed out, or gone: the page itself says which.
          await hear(() => true)
          return
        }
        const answer = (await response?.json().catch(() => null)) as { version: string; over: boolean } | null
        if (answer) await hear(() => answer.version !== known())
        if (answer?.over) return
      }
      poll(since)
    }, POLL)
  }

  if (typeof EventSource !== 'function') {
    poll(Date.now())
    return
  }
  const source = new EventSource(`${path}/events`)
  source.addEventListener('state', (event) => {
    const { version } = JSON.parse(event.data) as { version: string }
    void hear(() => version !== known())
  })
  source.addEventListener('over', () => {
    over = true
    source.close()
    // Of a page that still waits, the session has ended: fetching it again says so.
    void hear(() => document.querySelector('[data-live]') !== null)
  })
  source.addEventListener('error', () => {
    if (over || source.readyState !== EventSource.CLOSED) return
    poll(Date.now())
  })
  addEventListener('pagehide', () => source.close())
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload()
  })
}

/**
 * Fetch this page again and put the element `id` of it in place of the one here. What was typed or open stays, and so do the
 * focus and the place on the page. A new heading is told to people who hear the page.
 */
export async function swap(id: string): Promise<void> {
  const response = await fetch(location.href, { cache: 'no-store', headers: { accept: 'text/html' } })
  if (response.redirected || !response.ok) {
    location.reload()
    return
  }
  const fresh = new DOMParser().parseFromString(await response.text(), 'text/html')
  const [old, made] = [document.getElementById(id), fresh.getElementById(id)]
  if (!old || !made) {
    location.reload()
    return
  }
  const heading = (): string => document.querySelector('h1')?.textContent ?? ''
  const before = heading()
  const focus = document.activeElement?.id ?? ''
  for (const input of old.querySelectorAll<HTMLInputElement>('input[id]')) {
    const same = made.querySelector<HTMLInputElement>(`input[id="${input.id}"]`)
    if (same) same.value = input.value
  }
  const open = [...old.querySelectorAll<HTMLElement>('[popover]')].filter((it) => it.matches(':popover-open'))
  old.replaceWith(document.adoptNode(made))
  for (const { id: popover } of open) document.getElementById(popover)?.showPopover()
  const [nav, freshNav] = [document.querySelector('.nav'), fresh.querySelector('.nav')]
  if (nav && freshNav) nav.replaceWith(document.adoptNode(freshNav))
  document.title = fresh.title
  if (focus !== '') document.getElementById(focus)?.focus({ preventScroll: true })
  const heard = document.getElementById('heard')
  // The same heading again would only talk over what was told last.
  if (heard && heading() !== before) heard.textContent = heading()
}

/** Count down everything that has `data-left` seconds, by a clock that nobody sets. */
export function countDown(): void {
  const started = new WeakMap<Element, number>()
  const tick = (): void => {
    for (const place of document.querySelectorAll<HTMLElement>('[data-left]')) {
      if (!started.has(place)) started.set(place, performance.now())
      const gone = (performance.now() - started.get(place)!) / 1000
      const left = Math.max(0, Math.round(Number(place.dataset['left']) - gone))
      const minutes = Math.floor(left / 60)
      place.textContent = `${minutes}:${String(left % 60).padStart(2, '0')} left`
      place.classList.toggle('soon', left < 60)
    }
  }
  tick()
  setInterval(tick, 1000)
}
