"""Which difference between two versions explains their metrics: rebuilt with either's data and parameters, each term with its interval."""
