"""Log-in at an identity provider (OpenID Connect): it says who somebody is and in which groups, and this project what that lets them do.

The authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 3.1):

- `flow.begin` makes state, nonce and verifier and keeps them in the store: any scorer may end what another began. They are
  sealed under a key that the browser's cookie alone gives, so that who reads the store can end no log-in.
- `flow.finish` ends one, once: it exchanges the code, has the ID token verified (`idtoken`), and finds or makes the principal
  (`account`) by issuer and subject, never by a name or an address of mail. Its roles are those of its groups (`claims`), no others.
- `again.still` asks for the groups of a living session again; whoever is in none any more has no roles, and no session.

`provider` knows where the provider is and by which keys it signs; `wire` is the one way to it. Nothing here is loaded by a server whose
project names no provider, and nothing runs in its event loop.
"""
