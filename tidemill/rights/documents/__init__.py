"""Documents that an auditor asks for, written from the project's own records at the moment when they are asked for.

Each sentence is a `Statement` that names the records it stands on. Where a record is not there any more, or nobody has said something
yet, the sentence says so and is a gap: nothing is made up to fill a form. They are evidence for somebody who knows the law, as of the
day that they name; they are no legal advice, and having them is no compliance.
"""
