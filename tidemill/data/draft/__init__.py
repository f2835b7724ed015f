"""The first draft of a contract, inferred from data, for a person to read and mend.

What is there becomes what must be: types, keys, limits, and a guess at which column is the time and which the subject.
The draft says what it could not know. Nothing else in Tidemill guesses about data.
"""
