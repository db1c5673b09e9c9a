import type { Marionette } from './marionette.ts'

export interface Credential {
  readonly credentialId: string
  readonly isResidentCredential: boolean
  readonly rpId: string
  readonly userHandle: string
  readonly signCount: number
}

// The sign-in page waits in the autofill; this picks there what a person would. Headless, Firefox opens no list to
// pick from, so the call is the one that its list makes.
const PICK = `
  const { gBrowser } = Services.wm.getMostRecentWindow('navigator:browser')
  const service = Cc['@mozilla.org/webauthn/service;1'].getService(Ci.nsIWebAuthnService)
  const waiting = service.hasPendingConditionalGet(gBrowser.selectedBrowser.browsingContext.id, arguments[0])
  if (waiting === 0) return false
  return new Promise((resolve, reject) =>
    service.getAutoFillEntries(waiting, {
      QueryInterface: ChromeUtils.generateQI(['nsIWebAuthnAutoFillEntriesCallback']),
      reject,
      resolve([first]) {
        if (first) service.selectAutoFillEntry(waiting, first.credentialId)
        resolve(first !== undefined)
      },
    }))`

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
