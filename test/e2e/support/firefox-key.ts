import type { Marionette } from './marionette.ts'

export interface Credential {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly rpId: string
  readonly userHandle: string
  /** PKCS #8 in base64url: a key in software keeps no secret from its test. */
  readonly privateKey: string
  readonly signCount: number
}

// What a person picks in the list below a name field. Headless, Firefox opens no list; this asks for its rows and picks
// one, as the list does. The last row stands for a passkey that is not known yet.
const PICK = `
  const { WebAuthnFeature } = ChromeUtils.importESModule('resource://gre/modules/WebAuthnFeature.sys.mjs')
  const browser = Services.wm.getMostRecentWindow('navigator:browser').gBrowser.selectedBrowser
  const rows = await WebAuthnFeature.autocompleteItemsAsync(browser.browsingContext.id, arguments[0], undefined, true)
  if (rows.length < 2) return false
  await WebAuthnFeature.promptForAuthenticator(browser, rows[0].fillMessageData.selection)
  return true`

/** A key in software, plugged into a Firefox: resident, with a PIN, touched whenever it asks. */
export class FirefoxKey {
  readonly #marionette: Marionette
  #id: string | undefined

  constructor(marionette: Marionette) {
    this.#marionette = marionette
  }

  /** Pull the key, if one is in, and plug in a fresh one. */
  async swap(): Promise<void> {
    if (this.#id !== undefined) await this.#send('RemoveVirtualAuthenticator')
    const { value } = await this.#send('AddVirtualAuthenticator', {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserConsenting: true,
      isUserVerified: true,
    })
    this.#id = value
  }

  /** Whether the person gives the right PIN from now on. */
  async knowPerson(isUserVerified: boolean): Promise<void> {
    await this.#send('SetUserVerified', { isUserVerified })
  }

  async credentials(): Promise<readonly Credential[]> {
    return (await this.#send('GetCredentials')).value
  }

  /** Pick the first passkey that the autofill of the page offers. False when the page of `origin` does not wait for one. */
  pickInAutofill(origin: string): Promise<boolean> {
    return this.#marionette.inBrowser(PICK, [origin])
  }

  #send(command: string, params: object = {}): Promise<any> {
    return this.#marionette.send(`WebAuthn:${command}`, { authenticatorId: this.#id, ...params })
  }
}
