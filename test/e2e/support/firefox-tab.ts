import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { FirefoxKey } from './firefox-key.ts'
import { type Marionette, MarionetteError } from './marionette.ts'

const PATIENCE = 15_000
/** What stands for an element on the wire (WebDriver section 12.2). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

const GONE =
  /^(stale element reference|no such element|no such window|javascript error: Document was unloaded)/

type Element = Readonly<Record<typeof ELEMENT, string>>

export interface Cookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly httpOnly: boolean
  readonly sameSite: string
}

/** The tab of a Firefox, and the key plugged into it. */
export class FirefoxTab {
  readonly #marionette: Marionette
  readonly key: FirefoxKey

  private constructor(marionette: Marionette) {
    this.#marionette = marionette
    this.key = new FirefoxKey(marionette)
  }

  static async open(marionette: Marionette): Promise<FirefoxTab> {
    const tab = new FirefoxTab(marionette)
    await marionette.send('WebDriver:SetWindowRect', { width: 1000, height: 900 })
    await tab.key.swap()
    return tab
  }

  async goto(url: string): Promise<void> {
    await this.#marionette.send('WebDriver:Navigate', { url })
  }

  async url(): Promise<string> {
    return (await this.#marionette.send('WebDriver:GetCurrentURL')).value
  }

  /** Wait until a page of that address is there, with its scripts: one that is left sooner complains about them. */
  async waitForUrl(url: string | RegExp): Promise<void> {
    await this.until(`the address is ${url}`, async () => {
      if (!matches(await this.url(), url)) return false
      return this.#unlessGone(() => this.evaluate('return document.readyState === "complete"'))
    })
  }

  /** The text a person sees in the first visible element of a CSS selector, once there is one. */
  text(css: string): Promise<string> {
    return this.#with('css selector', css, async (id) => {
      return (await this.#marionette.send('WebDriver:GetElementText', { id })).value
    })
  }

  /** Wait until the first visible element of a CSS selector says `text`. */
  async waitForText(css: string, text: string | RegExp): Promise<void> {
    await this.until(`${css} says ${text}`, async () => matches(await this.text(css), text))
  }

  async isVisible(css: string): Promise<boolean> {
    return (await this.#visibleNow('css selector', css)) !== undefined
  }

  async click(css: string): Promise<void> {
    await this.#with('css selector', css, (id) => this.#marionette.send('WebDriver:ElementClick', { id }))
  }

  /** Click the visible button or link that says `name`. */
  async press(name: string): Promise<void> {
    const named = `//*[self::button or self::a][normalize-space()=${JSON.stringify(name)}]`
    await this.#with('xpath', named, (id) => this.#marionette.send('WebDriver:ElementClick', { id }))
  }

  /** Type into the visible field of a CSS selector, in place of what it holds. */
  async fill(css: string, text: string): Promise<void> {
    await this.#with('css selector', css, async (id) => {
      await this.#marionette.send('WebDriver:ElementClear', { id })
      await this.#marionette.send('WebDriver:ElementSendKeys', { id, text })
    })
  }

  /** Run the body of an async function in the page; `arguments` holds `args`. */
  evaluate(body: string, args: readonly unknown[] = []): Promise<any> {
    return this.#marionette.evaluate(body, args)
  }

  /** Those of the page's own host. */
  async cookies(): Promise<readonly Cookie[]> {
    return this.#marionette.send('WebDriver:GetCookies')
  }

  /** Those of the page's own host, whatever the port. */
  async forgetCookies(): Promise<void> {
    await this.#marionette.send('WebDriver:DeleteAllCookies')
  }

  /** The window's content as a PNG, in `file`. */
  async screenshot(file: string): Promise<void> {
    const { value } = await this.#marionette.send('WebDriver:TakeScreenshot', { full: true, hash: false })
    writeFileSync(file, Buffer.from(value, 'base64'))
  }

  /** Errors and warnings of the pages of `origin`, policy violations too, as the browser's console keeps them. */
  async complaints(origin: string): Promise<readonly string[]> {
    return this.#marionette.inBrowser(
      `return Services.console.getMessageArray()
        .filter((each) => each instanceof Ci.nsIScriptError && each.sourceName.startsWith(arguments[0]))
        .map(({ category, errorMessage, sourceName }) => [category, errorMessage, sourceName].join(': '))`,
      [origin],
    )
  }

  /** Ask `look` again and again until its answer is neither false nor undefined; that answer. */
  async until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(25)) {
      const found = await look()
      if (found !== undefined && found !== false) return found
    }
    assert.fail(
      `in vain until ${what}, at ${await this.url()}: ${await this.evaluate('return document.body.innerText')}`,
    )
  }

  /** Do something with the first visible element, once there is one; again when the page put another in its place. */
  async #with<T>(using: string, value: string, act: (id: string) => Promise<T>): Promise<T> {
    const { result } = await this.until(`${value} is visible`, async () => {
      const id = await this.#visibleNow(using, value)
      if (id === undefined) return undefined
      return this.#unlessGone(async () => ({ result: await act(id) }))
    })
    return result
  }

  async #visibleNow(using: string, value: string): Promise<string | undefined> {
    const found: readonly Element[] = await this.#marionette.send('WebDriver:FindElements', { using, value })
    for (const { [ELEMENT]: id } of found) {
      const shown = await this.#unlessGone(() =>
        this.#marionette.send('WebDriver:IsElementDisplayed', { id }),
      )
      if (shown?.value) return id
    }
    return undefined
  }

  /** Undefined when the element left its page, or the page itself went on, between two commands. */
  async #unlessGone<T>(act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      if (error instanceof MarionetteError && GONE.test(`${error.name}: ${error.message}`)) return undefined
      throw error
    }
  }
}

function matches(found: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? found === wanted : wanted.test(found)
}
