"""A loop that has nothing to do until it is told to stop."""

import signal

if __name__ == "__main__":
    signal.sigwait([signal.SIGTERM])
