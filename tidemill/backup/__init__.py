"""A project kept elsewhere, and brought back.

A **backup** is one moment of a project: both databases at the same transaction, every artifact and every version of every table that they
name, the project's own files (configuration, contracts, policy, code; not the source data), and its keys. It goes into a **repository**: a
folder, on another disk for preference, whose objects are encrypted (`tidemill.backup.sealed`) and kept once however many backups have them
(`tidemill.backup.objects`); so the second backup writes what is new. `tidemill.backup.taking` takes one while everything runs, and
`tidemill.backup.laying` lays one into a new folder, where it is a project that keeps to itself.

Who is forgotten after a backup is in it still. The repository, and this machine beside the project's keys, therefore remember the mark of each
person who was forgotten and when (`tidemill.backup.tombstones`); a restore takes them out again before anybody can use what was restored.
"""
