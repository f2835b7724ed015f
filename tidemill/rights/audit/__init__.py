"""Twelve questions that an auditor asks of a system that learns, each answered from the records, sentence by sentence.

Each sentence names the records that it stands on. When the sentences of an answer are there, every record that they name is looked up: one that is
not there any more is a gap of the answer, by its name. So a record that was deleted is not passed over.
"""
