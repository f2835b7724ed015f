"""``python -m noria.serve ROOT``: one scorer process."""

import sys

from noria.serve.server import main

if __name__ == "__main__":
    sys.exit(main())
