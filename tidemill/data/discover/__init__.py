"""Finding what is new, and reading it.

`sources` names the files of a source, or the project's own function, and says which of them no version holds yet: a file
is known by its digest, so a renamed copy is not new and a changed file is. `readers` is the table of the kinds of files.
A reader numbers its rows, so that every row of a table can be traced to a line of a file.
"""
