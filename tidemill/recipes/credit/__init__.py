"""Who will not pay next month: a real table of a bank, judged by sex and age, which no model of it sees."""
