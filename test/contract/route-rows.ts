/** What becomes of a request, as the map of actions says it. */
export type Disposition =
  | 'pass' // forwarded as it came
  | 'secret' // forwarded, and known to show a secret
  | 'challenge' // carried out from fields that somebody proved
  | 'git' // git's own door
  | 'api' // of the programming interface: forwarded, or carried out as a form of the pages
  | 'block' // for nobody
  | 'portal' // for nobody here: the portal does it

export interface RouteRow {
  readonly method: string
  readonly pattern: string
  readonly verb: string
  readonly disposition: Disposition
  /** A form of that meaning. */
  readonly form: string
}

// Every address of Gogs 0.14.3 by which something is changed, started or shown that is more than a page, in the words of
// its own route table: method, pattern, our verb (`-`: none), disposition, a form. Addresses that mean several things
// stand once for each.
const TABLE = `
POST   /install instance.install block
POST   /user/login auth.password.login block
POST   /user/login/two_factor auth.totp.login block
POST   /user/login/two_factor_recovery_code auth.totp.recover block
POST   /user/sign_up auth.register block
POST   /user/reset_password auth.password.reset block
POST   /user/settings user.profile.update challenge name=alice&full_name=Alice&website=&location=
POST   /user/settings/avatar user.avatar.update pass
POST   /user/settings/avatar/delete user.avatar.delete pass
POST   /user/settings/email user.email.add challenge email=a%40example.com
POST   /user/settings/email user.email.make-primary challenge _method=PRIMARY&email=a%40example.com
POST   /user/settings/email/delete user.email.delete challenge id=a%40example.com
POST   /user/settings/password user.password.change block
POST   /user/settings/ssh user.ssh-key.add portal
POST   /user/settings/ssh/delete user.ssh-key.delete portal
POST   /user/settings/security/two_factor_enable user.totp.enable block
POST   /user/settings/security/two_factor_recovery_codes user.totp.recover block
POST   /user/settings/security/two_factor_disable user.totp.disable block
POST   /user/settings/repositories/leave user.repo.leave pass
POST   /user/settings/organizations/leave user.org.leave challenge id=7
POST   /user/settings/applications user.token.create portal
POST   /user/settings/applications/delete user.token.delete portal
POST   /user/settings/delete user.delete challenge password=x
ANY    /user/activate auth.activate block
ANY    /user/activate_email user.email.activate portal
POST   /user/forget_password auth.password.forget block
POST   /user/logout auth.logout portal
POST   /admin admin.operation challenge op=4
POST   /admin/config/test_mail admin.mail.test challenge email=a%40example.com
POST   /admin/users/new admin.user.create challenge login_type=0-0&login_name=&user_name=eve&email=e%40example.com&password=x
POST   /admin/users/:userid admin.user.update challenge login_type=0-0&email=e%40example.com
POST   /admin/users/:userid/delete admin.user.delete challenge id=7
POST   /admin/repos/delete admin.repo.delete challenge id=7
POST   /admin/auths/new admin.auth-source.create block
POST   /admin/auths/:authid admin.auth-source.update block
POST   /admin/auths/:authid/delete admin.auth-source.delete block
POST   /admin/notices/delete admin.notice.delete challenge ids%5B%5D=1&ids%5B%5D=2
POST   /issues/attachments issue.attachment.upload pass
POST   /releases/attachments release.attachment.upload pass
POST   /:username/action/follow user.follow pass
POST   /:username/action/unfollow user.unfollow pass
POST   /org/create org.create challenge org_name=umbrella
POST   /org/:org/members/action/private org.member.update challenge uid=7
POST   /org/:org/members/action/public org.member.update challenge uid=7
POST   /org/:org/members/action/remove org.member.remove challenge uid=7
POST   /org/:org/members/action/leave user.org.leave challenge uid=7
POST   /org/:org/teams/:team/action/join org.team.member.add challenge uid=7&page=team
POST   /org/:org/teams/:team/action/add org.team.member.add challenge uid=7&uname=bob
POST   /org/:org/teams/:team/action/leave org.team.member.remove challenge uid=7&page=team
POST   /org/:org/teams/:team/action/remove org.team.member.remove challenge uid=7
POST   /org/:org/teams/:team/action/repo/add org.team.repo.add challenge repo_name=app
POST   /org/:org/teams/:team/action/repo/remove org.team.repo.remove challenge repoid=7
POST   /org/:org/teams/new org.team.create challenge team_name=core&description=&permission=read
POST   /org/:org/teams/:team/edit org.team.update challenge team_name=core&permission=admin
POST   /org/:org/teams/:team/delete org.team.delete challenge id=
POST   /org/:org/settings org.settings.update challenge name=acme&full_name=&description=
POST   /org/:org/settings/avatar org.avatar.update pass
POST   /org/:org/settings/avatar/delete org.avatar.delete pass
POST   /org/:org/settings/hooks/delete org.webhook.delete challenge id=7
POST   /org/:org/settings/hooks/gogs/new org.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&content_type=1&events=push_only
POST   /org/:org/settings/hooks/slack/new org.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&channel=dev&events=push_only
POST   /org/:org/settings/hooks/discord/new org.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /org/:org/settings/hooks/dingtalk/new org.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /org/:org/settings/hooks/gogs/:id org.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&content_type=1&events=push_only
POST   /org/:org/settings/hooks/slack/:id org.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&channel=dev&events=push_only
POST   /org/:org/settings/hooks/discord/:id org.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /org/:org/settings/hooks/dingtalk/:id org.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /org/:org/settings/delete org.delete challenge password=x
POST   /org/:org/invitations/new org.member.add challenge uname=bob
POST   /repo/create repo.create pass
POST   /repo/migrate repo.migrate challenge clone_addr=https%3A%2F%2Fexample.com%2Fx.git&uid=7&repo_name=x
POST   /repo/fork/:repoid repo.fork pass
POST   /:username/:reponame/settings/avatar repo.avatar.update pass
POST   /:username/:reponame/settings/avatar/delete repo.avatar.delete pass
POST   /:username/:reponame/settings/collaboration repo.collaborator.add challenge collaborator=bob
POST   /:username/:reponame/settings/collaboration/access_mode repo.collaborator.update challenge uid=7&mode=2
POST   /:username/:reponame/settings/collaboration/access_mode repo.collaborator.make-admin challenge uid=7&mode=3
POST   /:username/:reponame/settings/collaboration/delete repo.collaborator.remove challenge id=7
POST   /:username/:reponame/settings/branches/default_branch branch.default.update challenge branch=main
POST   /:username/:reponame/settings/branches/* branch.protection.update challenge protected=on
POST   /:username/:reponame/settings/hooks/delete repo.webhook.delete challenge id=7
POST   /:username/:reponame/settings/hooks/gogs/new repo.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&content_type=1&events=push_only
POST   /:username/:reponame/settings/hooks/slack/new repo.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&channel=dev&events=push_only
POST   /:username/:reponame/settings/hooks/discord/new repo.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /:username/:reponame/settings/hooks/dingtalk/new repo.webhook.create challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /:username/:reponame/settings/hooks/gogs/:id repo.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&content_type=1&events=push_only
POST   /:username/:reponame/settings/hooks/slack/:id repo.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&channel=dev&events=push_only
POST   /:username/:reponame/settings/hooks/discord/:id repo.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /:username/:reponame/settings/hooks/dingtalk/:id repo.webhook.update challenge payload_url=https%3A%2F%2Fx%2F&events=push_only
POST   /:username/:reponame/settings/hooks/:id/test repo.webhook.test pass
POST   /:username/:reponame/settings/hooks/:id/redelivery repo.webhook.redeliver pass
POST   /:username/:reponame/settings/hooks/git/:name repo.git-hook.update block
POST   /:username/:reponame/settings/keys repo.deploy-key.add portal
POST   /:username/:reponame/settings/keys/delete repo.deploy-key.delete portal
POST   /:username/:reponame/action/watch repo.watch pass
POST   /:username/:reponame/action/unwatch repo.unwatch pass
POST   /:username/:reponame/action/star repo.star pass
POST   /:username/:reponame/action/unstar repo.unstar pass
POST   /:username/:reponame/issues/new issue.create pass
POST   /:username/:reponame/issues/:index/title issue.update pass
POST   /:username/:reponame/issues/:index/content issue.update pass
POST   /:username/:reponame/issues/:index/comments issue.comment.create pass
POST   /:username/:reponame/comments/:id issue.comment.update pass
POST   /:username/:reponame/comments/:id/delete issue.comment.delete pass
POST   /:username/:reponame/issues/:index/label issue.label.update pass
POST   /:username/:reponame/issues/:index/milestone issue.milestone.update pass
POST   /:username/:reponame/issues/:index/assignee issue.assignee.update pass
POST   /:username/:reponame/labels/new label.create pass
POST   /:username/:reponame/labels/edit label.update pass
POST   /:username/:reponame/labels/delete label.delete pass
POST   /:username/:reponame/labels/initialize label.initialize pass
POST   /:username/:reponame/milestones/new milestone.create pass
POST   /:username/:reponame/milestones/:id/edit milestone.update pass
POST   /:username/:reponame/milestones/delete milestone.delete pass
POST   /:username/:reponame/releases/new release.create challenge tag_name=v1&tag_target=main&title=One&content=
POST   /:username/:reponame/releases/delete release.delete challenge id=7
POST   /:username/:reponame/releases/edit/* release.update challenge title=One
POST   /:username/:reponame/compare/* pr.create pass
POST   /:username/:reponame/_edit/* file.edit challenge tree_path=a.txt&content=x&commit_choice=direct&last_commit=
POST   /:username/:reponame/_new/* file.create challenge tree_path=a.txt&content=x&commit_choice=direct
POST   /:username/:reponame/_preview/* file.preview block
POST   /:username/:reponame/_delete/* file.delete challenge commit_choice=direct
POST   /:username/:reponame/_upload/* file.upload challenge tree_path=&commit_choice=direct&files=6c2f1b0e-5e3a-4b1c-9d2e-0a1b2c3d4e5f
POST   /:username/:reponame/upload-file file.upload.stage pass
POST   /:username/:reponame/upload-remove file.upload.unstage pass
POST   /:username/:reponame/branches/delete/* branch.delete challenge
POST   /:username/:reponame/wiki/_new wiki.create challenge old_title=&title=Home&content=x
POST   /:username/:reponame/wiki/:page/_edit wiki.update challenge old_title=Home&title=Home&content=x
POST   /:username/:reponame/wiki/:page/delete wiki.delete challenge id=Home
POST   /:username/:reponame/pulls/:index/merge pr.merge challenge merge_style=create_merge_commit&commit_description=
POST   /api/v1/markdown - block
POST   /api/v1/markdown/raw - block
POST   /api/v1/users/:username/tokens user.token.create block
POST   /api/v1/user/emails user.email.add api
DELETE /api/v1/user/emails user.email.delete api
PUT    /api/v1/user/following/:username user.follow api
DELETE /api/v1/user/following/:username user.unfollow api
POST   /api/v1/user/keys user.ssh-key.add block
DELETE /api/v1/user/keys/:id user.ssh-key.delete block
POST   /api/v1/user/repos repo.create api
POST   /api/v1/org/:org/repos repo.create api
POST   /api/v1/repos/migrate repo.migrate api
DELETE /api/v1/repos/:username/:reponame repo.delete api
POST   /api/v1/repos/:username/:reponame/hooks repo.webhook.create api
PATCH  /api/v1/repos/:username/:reponame/hooks/:id repo.webhook.update block
DELETE /api/v1/repos/:username/:reponame/hooks/:id repo.webhook.delete api
PUT    /api/v1/repos/:username/:reponame/collaborators/:collaborator repo.collaborator.add api
DELETE /api/v1/repos/:username/:reponame/collaborators/:collaborator repo.collaborator.remove api
PUT    /api/v1/repos/:username/:reponame/contents/* file.edit api
POST   /api/v1/repos/:username/:reponame/keys repo.deploy-key.add block
DELETE /api/v1/repos/:username/:reponame/keys/:id repo.deploy-key.delete block
POST   /api/v1/repos/:username/:reponame/issues issue.create api
PATCH  /api/v1/repos/:username/:reponame/issues/comments/:id issue.comment.update api
PATCH  /api/v1/repos/:username/:reponame/issues/:index issue.update api
POST   /api/v1/repos/:username/:reponame/issues/:index/comments issue.comment.create api
PATCH  /api/v1/repos/:username/:reponame/issues/:index/comments/:id issue.comment.update api
DELETE /api/v1/repos/:username/:reponame/issues/:index/comments/:id issue.comment.delete api
POST   /api/v1/repos/:username/:reponame/issues/:index/labels issue.label.update api
PUT    /api/v1/repos/:username/:reponame/issues/:index/labels issue.label.update api
DELETE /api/v1/repos/:username/:reponame/issues/:index/labels issue.label.update api
DELETE /api/v1/repos/:username/:reponame/issues/:index/labels/:id issue.label.update api
POST   /api/v1/repos/:username/:reponame/labels label.create api
PATCH  /api/v1/repos/:username/:reponame/labels/:id label.update api
DELETE /api/v1/repos/:username/:reponame/labels/:id label.delete api
POST   /api/v1/repos/:username/:reponame/milestones milestone.create api
PATCH  /api/v1/repos/:username/:reponame/milestones/:id milestone.update api
DELETE /api/v1/repos/:username/:reponame/milestones/:id milestone.delete api
PATCH  /api/v1/repos/:username/:reponame/issue-tracker repo.features.update block
PATCH  /api/v1/repos/:username/:reponame/wiki repo.features.update block
POST   /api/v1/repos/:username/:reponame/mirror-sync repo.mirror.sync block
POST   /api/v1/user/orgs org.create api
PATCH  /api/v1/orgs/:orgname org.settings.update block
POST   /api/v1/admin/users admin.user.create api
PATCH  /api/v1/admin/users/:username admin.user.update block
DELETE /api/v1/admin/users/:username admin.user.delete api
POST   /api/v1/admin/users/:username/keys admin.user.ssh-key.add block
POST   /api/v1/admin/users/:username/orgs admin.org.create block
POST   /api/v1/admin/users/:username/repos admin.repo.create block
POST   /api/v1/admin/orgs/:orgname/teams org.team.create api
PUT    /api/v1/admin/teams/:teamid/members/:username org.team.member.add block
DELETE /api/v1/admin/teams/:teamid/members/:username org.team.member.remove block
PUT    /api/v1/admin/teams/:teamid/repos/:reponame org.team.repo.add block
DELETE /api/v1/admin/teams/:teamid/repos/:reponame org.team.repo.remove block
ANY    /api/v1/* - block
POST   /:username/:reponame/info/lfs/objects/batch lfs.batch git
PUT    /:username/:reponame/info/lfs/objects/basic/:oid lfs.upload git
POST   /:username/:reponame/info/lfs/objects/basic/verify lfs.verify git
POST   /-/api/sanitize_ipynb - block
ANY    /debug/pprof/ debug.profile block
ANY    /debug/pprof/* debug.profile block
ANY    /debug/pprof/cmdline debug.profile block
ANY    /debug/pprof/profile debug.profile block
ANY    /debug/pprof/symbol debug.profile block
GET    /admin/notices/empty admin.notice.empty challenge
GET    /:username/:reponame/milestones/:id/open milestone.status challenge
GET    /:username/:reponame/milestones/:id/close milestone.status challenge
GET    /:username/:reponame/tasks/trigger internal.task.trigger block
GET    /user/login auth.remember.login block
GET    /user/settings/security/two_factor_enable user.totp.enable block
GET    /:username/:reponame/archive/* page.read pass
GET    /api/v1/repos/:username/:reponame/archive/* page.read api
GET    /:username/:reponame/issues/:index page.read pass
GET    /:username/:reponame/pulls/:index page.read pass
GET    /:username/:reponame/pulls/:index/commits page.read pass
GET    /:username/:reponame/pulls/:index/files page.read pass
GET    /:username/:reponame.git/HEAD git.fetch block
GET    /debug/profile/ debug.profile block
GET    /captcha/* - block
POST   /:username/:reponame/settings repo.visibility.update challenge action=update&repo_name=app
POST   /:username/:reponame/settings repo.mirror.update block action=mirror
POST   /:username/:reponame/settings repo.mirror.sync block action=mirror-sync
POST   /:username/:reponame/settings repo.features.update challenge action=advanced&enable_wiki=on
POST   /:username/:reponame/settings repo.mirror.convert block action=convert
POST   /:username/:reponame/settings repo.transfer challenge action=transfer&repo_name=app&new_owner_name=bob
POST   /:username/:reponame/settings repo.delete challenge action=delete&repo_name=app
POST   /:username/:reponame/settings repo.wiki.delete challenge action=delete-wiki&repo_name=app
POST   /:username/:reponame.git/git-upload-pack git.fetch git
POST   /:username/:reponame.git/git-receive-pack git.push git
GET    /:username/:reponame/settings repo.settings.read secret
GET    /:username/:reponame/settings/hooks repo.webhook.read secret
GET    /:username/:reponame/settings/hooks/:id repo.webhook.read secret
GET    /org/:org/settings/hooks org.webhook.read secret
GET    /org/:org/settings/hooks/:id org.webhook.read secret
GET    /admin/config admin.config.read secret
GET    /admin/auths/:authid admin.auth-source.read secret
`

export const ROWS: readonly RouteRow[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [method, pattern, verb, disposition, form = ''] = line.split(/ +/) as [
      string,
      string,
      string,
      Disposition,
      string?,
    ]
    return { method, pattern, verb, disposition, form }
  })
