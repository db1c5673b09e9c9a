/** How the forge's answer ended on its way to the client. `status` is undefined when it gave none. */
export type Ending =
  | { readonly kind: 'complete'; readonly status: number }
  | { readonly kind: 'client-gone'; readonly status: number | undefined }
  | { readonly kind: 'upstream-failed'; readonly status: number | undefined; readonly error: Error }
