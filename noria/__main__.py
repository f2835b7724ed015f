"""``python -m noria``."""

from noria.cli.main import main

if __name__ == "__main__":
    main()
