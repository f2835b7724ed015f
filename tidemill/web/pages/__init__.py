"""One file a section of the page: what is read, and what its template is given."""
