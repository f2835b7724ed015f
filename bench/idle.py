"""A child that does nothing until it is ended, in the place of the loop."""

import threading

if __name__ == "__main__":
    threading.Event().wait()
