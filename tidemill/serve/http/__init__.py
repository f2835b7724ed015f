"""The HTTP side of serving: one bare ASGI application, and the process that listens.

Everything that is not known is refused. `admit` reads a request's head, checks where it comes from and goes to, and takes
its body within bounds; `routes` is the one table of method, path and scope; `app` answers. `server` is the process: it
listens on this machine only. See docs/decisions/0022.
"""
