"""A project from one's own file: `look` reads it, `plan` chooses what to predict from which columns, `write` lays the project out."""
