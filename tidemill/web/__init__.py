"""The web page: is everything all right, and if not, why not. Pages, templates, pictures."""
