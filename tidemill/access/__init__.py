"""Access: tokens of programs, one-use login codes and the session of the page, kept as hashes."""
