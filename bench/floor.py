"""The least that durable, cached steps cost: SQLite and content-addressed files. ``python bench/floor.py FOLDER N SALT``."""

import hashlib
import json
import os
import sqlite3
import sys

folder, steps, value = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
last = value + steps
os.makedirs(f"{folder}/cas", exist_ok=True)
db = sqlite3.connect(f"{folder}/floor.db", isolation_level=None)
db.executescript(
    "PRAGMA journal_mode=wal; PRAGMA synchronous=full; CREATE TABLE IF NOT EXISTS step (key TEXT PRIMARY KEY, out TEXT)"
)
for number in range(steps):
    key = hashlib.sha256(f"link{number}|{value}".encode()).hexdigest()
    row = db.execute("SELECT out FROM step WHERE key = ?", (key,)).fetchone()
    if row is None:
        data = json.dumps(value + 1).encode()
        name = hashlib.sha256(data).hexdigest()
        path = f"{folder}/cas/{name}"
        with open(path + ".tmp", "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".tmp", path)
        row = (name,)
        db.execute("INSERT INTO step VALUES (?, ?)", (key, name))
    with open(f"{folder}/cas/{row[0]}", "rb") as file:
        value = json.load(file)
if value != last:
    sys.exit("wrong result")
