"""The verbs of Tidemill: one function each, with a typed result. The command line, the HTTP API, the page and the notebook call
these and hold none of their own.

A verb takes the open `Project` first; one that changes something also takes its `Caller`: who asks, with which permissions, by
which face. The effect and its event are one transaction, and the event's principal is the caller (`act`). What a verb returns is a
record or a dataclass; how it is shown is the face's matter.

- `status`: is everything all right? One answer for the page, the command line, the API and the exit code.
- `doctor`: what could go wrong on this machine, and how to mend it.
- `gc`: deletes the artifacts that no record reaches.
- `server`: starts the server, asks it for predictions, tells it outcomes.
- `by_hand`: approvals that the server is asked for, signed in a child process.
- `holders`: every store that may hold a subject's data.
"""
