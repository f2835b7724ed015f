"""The HTTP side of serving: routes, admission, one ASGI application, and the process that listens."""
