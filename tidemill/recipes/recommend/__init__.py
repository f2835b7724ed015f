"""The shop: product recommendation on Online Retail II."""
