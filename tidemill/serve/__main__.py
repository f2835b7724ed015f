"""``python -m tidemill.serve ROOT``: one scorer process."""

import sys

from tidemill.serve.http.server import main

if __name__ == "__main__":
    sys.exit(main())
