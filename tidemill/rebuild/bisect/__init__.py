"""Which file, commit, library or parameter made a version worse: `causes` lists what differs, `halves` chooses, `trial` rebuilds."""
