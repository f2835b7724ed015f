"""Many rows at once: what an endpoint says of each row of a file, a table or a dataset, by the server's own code, into the same log.

`given` names what is asked about and cuts it into partitions, `answer` answers one, `log` and `table` say it as it is kept and as it
is told, `out` writes it where it was asked for, `pipeline` is the run of the engine that does it all. No server need run, and one may.
"""
