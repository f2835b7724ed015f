"""Weekly demand of many products, each forecast with its interval: a regression of an entity at moments, on the sales of a real shop."""
