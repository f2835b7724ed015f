"""A real shop's orders and refunds, made from Online Retail II (UCI, CC BY 4.0): what the recipes `churn` and `fraud` are shown on."""
