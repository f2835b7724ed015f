"""The control plane over HTTP: read what the loop has done, and the few things a person may decide. One file a noun."""
