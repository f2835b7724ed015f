"""What the people whom the data is about may ask for, and what is done about data that should not have been there.

`recall` finds what stands on a file or a column that was wrong, and every answer that would have been another without it.
"""
