import { type Refusal, refusal } from '../../core/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Describe } from '../approvals.ts'
import { visible } from '../display.ts'
import { readFields } from '../fields.ts'
import { html } from '../markup.ts'
import { json, me, type OwnVisit, page, refuse } from '../visit.ts'
import { deviceName } from './device-name.ts'
import { NO_COOKIE } from './sign-in.ts'

export function show(visit: OwnVisit): Response {
  const body = html`<div class="head"><p class="small"><a href="/devices">← Your devices</a></p><h1>Add an SSH signing key</h1>
<p class="lede">With it, a plain <code>git push</code> makes your security key blink, and your touch signs exactly what is pushed.</p></div>
<details><summary>I have no such key yet</summary><div class="stack tight"><p class="soft">Make one on your security key; with <code>verify-required</code> it also asks for the PIN:</p>
<pre class="code" tabindex="0" aria-label="Command to make a key">ssh-keygen -t ed25519-sk -O verify-required</pre></div></details>
<ol class="steps card">
<li><form class="stack" data-step="/devices/add-ssh-key/begin" data-reveal="prove"><h2>Show the public key</h2>
<div class="field wide"><label for="key">Public key</label><textarea id="key" name="key" required maxlength="2000" spellcheck="false" autocomplete="off" aria-describedby="key-hint" placeholder="sk-ssh-ed25519@openssh.com AAAA…"></textarea>
<p class="hint" id="key-hint">The one line in the file that ends in <code>.pub</code>.</p></div>
<div class="field wide"><label for="path">Where it is on your machine</label><input id="path" name="path" required maxlength="200" value="~/.ssh/id_ed25519_sk.pub" spellcheck="false" autocomplete="off"></div>
<div class="row"><button class="main">Continue</button></div><p class="say note bad" role="alert"></p></form></li>
<li><div class="stack" id="prove" hidden tabindex="-1"><h2>Prove that you hold it</h2>
<p>Run this where the key is plugged in, and touch it:</p>
<div class="copy"><pre class="code wrap" id="command" data-show="command" tabindex="0" aria-label="Command to sign with the key"></pre><button type="button" class="quiet" data-copy="command">Copy</button></div>
<form class="stack" data-approve="add-ssh-key" data-reveal="done">
<div class="field wide"><label for="signature">What it printed</label><textarea id="signature" name="signature" required maxlength="4000" spellcheck="false" autocomplete="off" placeholder="-----BEGIN SSH SIGNATURE-----"></textarea></div>
<div class="field wide"><label for="name">Name of the key</label><input id="name" name="name" required maxlength="60" autocomplete="off" placeholder="blue key"></div>
<div class="row"><button class="main">Continue</button></div><p class="say note bad" role="alert"></p></form></div>
<p class="soft" data-until="prove">Prove that you hold it</p></li>
<li><div class="stack" id="done" hidden tabindex="-1"><h2>Tell git</h2>
<p class="note good">Your key is in. These three lines make every push signed where the server asks for it:</p>
<div class="copy"><pre class="code" id="lines" data-show="lines" tabindex="0" aria-label="git configuration commands"></pre><button type="button" class="quiet" data-copy="lines">Copy</button></div>
<p class="small soft">From now on <strong>only the key blinks</strong> when you push: git shows no message while it waits for your touch.</p></div>
<p class="soft" data-until="done">Confirm with a passkey, then tell git</p></li>
</ol>`
  return page(visit, { title: 'Add an SSH signing key', body, here: '/devices', script: 'page.ts' })
}

export async function begin(visit: OwnVisit): Promise<Response> {
  const fields = await readFields(visit.request, { key: 2000, path: 200 })
  if (!fields.ok) return refuse(visit, fields.error)
  if (visit.pre === undefined) return refuse(visit, NO_COOKIE)
  const file = shellPath(fields.value.path)
  if (!file.ok) return refuse(visit, file.error)
  const begun = visit.deps.ceremonies.beginSshKey(visit.pre, me(visit).id, fields.value.key)
  if (!begun.ok) return refuse(visit, begun.error)
  const { text, namespace } = begun.value
  const command = signCommand(text, namespace, file.value)
  const lines = ['gpg.format ssh', `user.signingkey ${file.value}`, 'push.gpgSign if-asked'].map(
    (line) => `git config --global ${line}`,
  )
  return json({ show: { command, lines: lines.join('\n') } })
}

/** The pasted signature shows that the key is held; the passkey's touch lets it in. */
export const approveSshKey: Describe = (visit, of) => {
  const name = deviceName(String(of['name'] ?? ''))
  if (!name.ok) return name
  if (visit.pre === undefined) return err(NO_COOKIE)
  const proven = visit.deps.ceremonies.finishSshKey(visit.pre, me(visit).id, String(of['signature'] ?? ''))
  if (!proven.ok) return proven
  const { fingerprint, admit } = proven.value
  return ok({
    wish: {
      action: 'device.add',
      fields: [
        ['kind', 'ssh-sk'],
        ['credential', fingerprint],
        ['name', name.value],
      ],
    },
    title: `Add “${visible(name.value)}”?`,
    say: `Pushes signed by ${fingerprint} will count as yours. Confirm with a passkey.`,
    async perform({ device, evidence }) {
      const added = await admit(device, name.value, evidence)
      return added.ok ? ok({ show: {} }) : added
    },
  })
}

/** A command that signs exactly `text`, whose lines each end in LF. */
function signCommand(text: string, namespace: string, file: string): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const quoted = lines.map((line) => `'${line.replaceAll("'", "'\\''")}'`)
  return `printf '%s\\n' ${quoted.join(' \\\n  ')} |\n  ssh-keygen -Y sign -n ${namespace} -f ${file}`
}

/** A path that a shell reads as one word, with `~` still expanded: it is pasted into a command. */
function shellPath(text: string): Result<string, Refusal> {
  return /^[A-Za-z0-9_~./:@+-]+$/.test(text) && !text.startsWith('-')
    ? ok(text)
    : err(
        refusal(
          'bad-request',
          'The path has characters that a shell would read in its own way.',
          'Give a path of letters, digits and ~ . / _ - only.',
        ),
      )
}
