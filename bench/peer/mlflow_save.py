"""Save the model as MLflow does, with its signature: ``python mlflow_save.py FOLDER``."""

import sys

import mlflow
import model
import pandas as pd

rows = pd.DataFrame([[0.1] * len(model.NAMES)], columns=model.NAMES)
signature = mlflow.models.infer_signature(rows, model.BOOSTER.predict(rows))
mlflow.lightgbm.save_model(model.BOOSTER, sys.argv[1], signature=signature)
