"""What each role asks first, and the answer of the records: three questions a role, the same on the page, the command line and the API.

`answered` is what an answer is, a file a role has its three questions, `asked` says who asks what.
"""
