"""One person found in everything that the project keeps, and what is held of them given out.

`held.find` asks every `DataHolder`; a person is the value of a contract's subject column, and that column's name is their kind
(``customer_id``). `package.write` lays down what a person may take with them: each store's records as JSON lines, the rows of the
datasets as CSV too, what the columns mean, what the answers were made of, and a text that says in plain words what all of it is.
What is said of the law is evidence for somebody who knows it; it is no compliance.
"""
