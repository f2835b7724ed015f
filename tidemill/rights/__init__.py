"""What the people whom the data is about may ask for, and what is done about data that should not have been there.

`subjects` finds a person in every store, and gives out what is held of them. `limits` are what may not be done with their data any
more. `recall` finds what stands on a file or a column that was wrong, and every answer that would have been another without it.
"""
