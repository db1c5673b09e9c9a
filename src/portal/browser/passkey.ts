// The two WebAuthn calls, in the JSON forms that server and browser share (WebAuthn sections 5.1.8 to 5.1.10).

export type Json = { readonly [key: string]: unknown }

/** Whether this browser can do passkeys at all. */
export const supported = (): boolean => typeof PublicKeyCredential === 'function'

/** Whether it can offer passkeys in the autofill of a name field. */
export async function canAutofill(): Promise<boolean> {
  return (
    supported() && (await PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false)) === true
  )
}

/** Sign a challenge. With `conditional`, wait in the autofill until the person picks a passkey or `signal` ends it. */
export async function sign(
  options: Json,
  more: { conditional?: boolean; signal?: AbortSignal } = {},
): Promise<Json> {
  const publicKey = requestOptions(options)
  const credential = await navigator.credentials.get({
    publicKey,
    ...(more.conditional ? { mediation: 'conditional' } : {}),
    ...(more.signal ? { signal: more.signal } : {}),
  })
  return toJson(credential as PublicKeyCredential)
}

/** Make a new passkey. */
export async function create(options: Json): Promise<Json> {
  const credential = await navigator.credentials.create({ publicKey: creationOptions(options) })
  return toJson(credential as PublicKeyCredential)
}

// What follows is for browsers without the JSON functions of WebAuthn level 3.

function requestOptions(options: Json): PublicKeyCredentialRequestOptions {
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseRequestOptionsFromJSON(
      options as unknown as PublicKeyCredentialRequestOptionsJSON,
    )
  }
  const { extensions: _, ...json } = options as unknown as PublicKeyCredentialRequestOptionsJSON
  return {
    ...json,
    challenge: bytes(json.challenge),
    allowCredentials: json.allowCredentials?.map(descriptor),
  } as PublicKeyCredentialRequestOptions
}

function creationOptions(options: Json): PublicKeyCredentialCreationOptions {
  if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function') {
    return PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    )
  }
  const { extensions: _, ...json } = options as unknown as PublicKeyCredentialCreationOptionsJSON
  return {
    ...json,
    challenge: bytes(json.challenge),
    user: { ...json.user, id: bytes(json.user.id) },
    excludeCredentials: json.excludeCredentials?.map(descriptor),
  } as PublicKeyCredentialCreationOptions
}

function descriptor(json: PublicKeyCredentialDescriptorJSON): PublicKeyCredentialDescriptor {
  return { ...json, id: bytes(json.id) } as PublicKeyCredentialDescriptor
}

function toJson(credential: PublicKeyCredential): Json {
  if (typeof credential.toJSON === 'function') {
    try {
      return credential.toJSON() as unknown as Json
    } catch {
      // Some password managers put a credential in place whose toJSON does not work on it.
    }
  }
  const { id, rawId, type, authenticatorAttachment } = credential
  const common = {
    id,
    rawId: text(rawId),
    type,
    authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  }
  const { response } = credential
  const clientDataJSON = text(response.clientDataJSON)
  if (response instanceof AuthenticatorAttestationResponse) {
    return {
      ...common,
      response: {
        clientDataJSON,
        attestationObject: text(response.attestationObject),
        transports: response.getTransports?.() ?? [],
      },
    }
  }
  const { authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse
  return {
    ...common,
    response: {
      clientDataJSON,
      authenticatorData: text(authenticatorData),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : undefined,
    },
  }
}

function bytes(base64url: string): ArrayBuffer {
  const binary = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0)).buffer
}

function text(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
