import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { find } from '../scripts/prerequisites.ts'
import { freePort } from '../src/upstream/launch/child.ts'
import { scratch } from '../test/support/gateway.ts'
import type { Rival } from './rival.ts'
import { listening } from './rival.ts'

/** nginx with `proxy_pass` and kept connections, in one process; or the reason why not. */
export async function startNginx(upstream: string): Promise<Rival | string> {
  const program = locate() ?? installed()
  if (program === undefined) return 'skipped: nginx is not installed'
  const dir = scratch('bench-nginx')
  const port = await freePort()
  writeFileSync(join(dir, 'nginx.conf'), config(dir, port, new URL(upstream).host))
  const child = spawn(program, ['-p', dir, '-c', join(dir, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.once('exit', () => child.kill('SIGKILL'))
  await listening(port, child)
  return {
    name: 'nginx proxy_pass',
    pid: child.pid!,
    origin: `http://127.0.0.1:${port}`,
    headers: {},
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

function locate(): string | undefined {
  const path = process.env['PATH'] ?? ''
  process.env['PATH'] = `${path}${delimiter}/usr/sbin`
  const program = find({ programs: ['nginx'], debianPackage: 'nginx-light' })
  process.env['PATH'] = path
  return program
}

function installed(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined
  // Run level 1 keeps Debian from starting the service it installs.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const quiet = { stdio: 'ignore', env } as const
  spawnSync('apt-get', ['update', '-qq'], quiet)
  spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', 'nginx-light'], quiet)
  return locate()
}

function config(dir: string, port: number, upstream: string): string {
  return `daemon off;
master_process off;
pid ${dir}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  upstream forge { server ${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location / {
      proxy_pass http://forge;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
