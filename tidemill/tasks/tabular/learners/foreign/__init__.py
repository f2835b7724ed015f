"""Learners that are not Tidemill's: an estimator of the project's, a model's file. What answers is ONNX, which is data.

`given` is what a trainer knows of them; `own` and `file` ask a child with limits (`fitted` asks, `main` is the child) for a file in
ONNX that was looked into, and `onnx` answers from it. scikit-learn, skl2onnx and onnx are imported in the child alone; whoever answers
imports onnxruntime, where a bundle asks for it.
"""
