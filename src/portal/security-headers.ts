const POLICY = (forgeOrigin: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `form-action 'self' ${forgeOrigin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')

/** Fields of every answer of the portal, pages, JSON and assets alike. */
export function securityHeaders(options: {
  forgeOrigin: string
  secure: boolean
}): readonly (readonly [string, string])[] {
  const fields: [string, string][] = [
    ['content-security-policy', POLICY(options.forgeOrigin)],
    ['x-content-type-options', 'nosniff'],
    // Not no-referrer: that would make browsers send `Origin: null` with our own forms (Fetch section 3.2).
    ['referrer-policy', 'same-origin'],
    ['cross-origin-opener-policy', 'same-origin'],
    ['cross-origin-resource-policy', 'same-origin'],
    [
      'permissions-policy',
      'publickey-credentials-get=(self), publickey-credentials-create=(self), clipboard-write=(self), camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    ],
  ]
  if (options.secure) fields.push(['strict-transport-security', 'max-age=31536000'])
  return fields
}
