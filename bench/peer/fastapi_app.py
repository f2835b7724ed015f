"""FastAPI under uvicorn: a pydantic model of thirty numbers."""

import model
from fastapi import FastAPI
from pydantic import create_model

app = FastAPI()
Row = create_model("Row", **dict.fromkeys(model.NAMES, (float, ...)))


@app.post("/predict")
async def predict(row: Row):
    return {"value": model.predict(row.model_dump())}
