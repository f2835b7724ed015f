"""Questions that people have to answer before something is done: who is asked, whose word counts, until when.

A rule asks (`rule`): which roles, how many different people, whether the author counts. The question is a record, opened in the
transaction of what it holds up; each word on it is a record too (`cast`), and with the word that was missing the effect is
done, in one transaction. What counts is counted anew at every word (`tally`): a role that was taken away, an account that was
disabled, evidence that changed make an earlier word void. One person is one person, by whatever token, session or program.

What is decided on is behind a port (`matter`): a release, or anything else that somebody has to allow.
"""
