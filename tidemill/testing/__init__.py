"""The suites that every implementation of a port must pass; an adapter's own tests subclass them."""
