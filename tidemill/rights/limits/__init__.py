"""What may not be done with a person's data any more: restriction (Art. 18 GDPR), objection (21), a consent that was withdrawn (7).

The rows are kept, and used for nothing: no model answers the person, and no training, evaluation or monitor reads them
(`tidemill.data.limited`), until the limit is lifted.
"""
