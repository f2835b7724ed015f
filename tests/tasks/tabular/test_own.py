"""Learners that are not built in: an estimator of the project's and a model's file, as ONNX; and what they do wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.raised import raised
from tests.tasks.tabular.test_trees import loans
from tidemill.errors import ModelError, SignatureMismatch
from tidemill.learning.search import Settings
from tidemill.store.artifacts.codecs import Bundle, decode, put_bundle
from tidemill.store.artifacts.local import LocalArtifacts
from tidemill.tasks.table import load
from tidemill.tasks.tabular.learners.foreign import convert
from tidemill.tasks.tabular.learners.foreign.onnx import SPEC
from tidemill.tasks.tabular.training import TRAINING, TabularTrainer
from tidemill.types import JsonObject, digest

STEPS = """
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC


def _prepared(train):
    places = make_pipeline(SimpleImputer(strategy="constant", fill_value=-1), OneHotEncoder(handle_unknown="ignore"))
    return ColumnTransformer([("places", places, list(train.categories))], remainder=make_pipeline(SimpleImputer(), StandardScaler()))


def logistic(train):
    return make_pipeline(_prepared(train), LogisticRegression())


def line(train):
    return make_pipeline(_prepared(train), LinearRegression())


def forest():
    return make_pipeline(SimpleImputer(), RandomForestClassifier(n_estimators=20, max_depth=6))


def fitted(train):
    return logistic(train).fit(train.x, [train.labels[int(place)] for place in train.y])


def raises(train):
    raise ValueError("not today")


def hangs(train):
    while True:
        pass


def eats(train):
    held = []
    while True:
        held.append(bytearray(50_000_000))


def dies(train):
    import os
    os._exit(7)


def leaves(train):
    raise SystemExit(0)


def leaves_at_once(train):
    import os
    os._exit(0)


def no_estimator(train):
    return {"weights": 1}


def no_probabilities(train):
    return make_pipeline(SimpleImputer(), LinearSVC())


class Nothing(LinearRegression):
    def predict(self, x):
        return super().predict(x) * float("nan")


def no_number(train):
    return make_pipeline(SimpleImputer(), Nothing())


class Drawn(LinearRegression):
    def fit(self, x, y):
        import random
        return super().fit(x, y * random.random())


def differs(train):
    return make_pipeline(SimpleImputer(), Drawn())


def cuts(train):
    from sklearn.preprocessing import FunctionTransformer
    return make_pipeline(SimpleImputer(), FunctionTransformer(lambda x: x[:, :1]), LinearRegression())
"""
NAMES = ["income", "age", "town", "owner"]


def trainer_of(folder: Path, task: str, recipe: JsonObject, file: bytes, **limits: Any) -> TabularTrainer:
    """A trainer of loans by this learner, whose file is laid into the folder."""
    (folder / recipe["file"]).write_bytes(file)
    frame, contract = loans(task)
    kind = "regress" if task == "regress" else "classify"
    details = TRAINING.details(contract, [], Path(), kind)
    details["given"] = {"recipe": {**recipe, "source": digest(file)}, "root": str(folder), **limits}
    settings = Settings(kind, "mae" if kind == "regress" else "log_loss", None, 1, None, details)
    found = TRAINING.open_trainer(TRAINING.rows(frame.lazy(), contract, []), settings)
    assert isinstance(found, TabularTrainer)
    return found


def own(folder: Path, task: str, name: str, **limits: Any) -> TabularTrainer:
    recipe = {"method": "own", "learner": f"steps:{name}", "file": "steps.py"}
    return trainer_of(folder, task, recipe, STEPS.encode(), **limits)


def fit(trainer: TabularTrainer) -> Bundle:
    return trainer.fit(trainer.candidates().start, int(trainer.at[800]))


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("binary", "logistic"),
        ("regress", "line"),
        pytest.param("multi", "forest", marks=pytest.mark.nightly),
        pytest.param("multi", "fitted", marks=pytest.mark.nightly),
    ],
)
def test_an_estimator_answers_as_scikit_learn_does_from_data_alone(tmp_path: Path, task: str, name: str) -> None:
    trainer = own(tmp_path, task, name)
    bundle = fit(trainer)
    assert sorted(bundle.files) == ["background.npz", "model.onnx", "onnx.json"], "no pickle"
    parity = decode("json", bundle.files[SPEC])["parity"]
    assert parity["rows"] == 800 and parity["largest"] <= 1e-6
    assert bundle == fit(trainer), "the same rows give the same bytes"
    scorer = load(bundle)
    told = scorer.many(trainer.table.encoded(scorer.inputs, np.arange(800, 900)))
    assert told.shape == (100, 1 if task == "regress" else len(scorer.labels)) and np.isfinite(told).all()
    oracle: dict[str, Any] = {}
    exec(STEPS, oracle)
    from tidemill.tasks.tabular.learners.foreign.rows import Learned

    problem = trainer.table.encoded(scorer.inputs, np.arange(900))
    inputs = [[one.name, one.kind, list(one.categories)] for one in scorer.inputs]
    truth = trainer.table.target[:800].to_list()
    y = np.array(truth if task == "regress" else [float(scorer.labels.index(label)) for label in truth])
    train = Learned.of(problem[:800], y, inputs, scorer.labels)
    if name != "forest":  # what is drawn at random there is drawn with a random_state of 0
        estimator = oracle[name](train)
        estimator = estimator if name == "fitted" else estimator.fit(train.x, train.y)
        exact = problem[800:].astype(np.float32).astype(float)
        there = estimator.predict(exact)[:, None] if task == "regress" else estimator.predict_proba(exact)
        np.testing.assert_allclose(told, there, rtol=1e-6, atol=1e-6)


def test_the_search_builds_what_was_named_and_a_server_answers_it_without_scikit_learn(tmp_path: Path) -> None:
    trainer = own(tmp_path, "binary", "logistic")
    end = int(trainer.at[800])
    found = trainer.search([(int(trainer.at[600]), int(trainer.at[700])), (int(trainer.at[700]), end)], None, seed=0)
    assert found.recipe["method"] == "own" and trainer.reproduces(found.recipe)
    assert not trainer.reproduces({**found.recipe, "source": "sha256:another"})
    bundle = trainer.fit(found.recipe, end)
    assert trainer.report(bundle, end, int(trainer.at[-1]) + 1).of("auc").values.mean() > 0.8
    questions = trainer.questions(None, end, int(trainer.at[-1]) + 1)  # type: ignore[arg-type]
    asked = [one["inputs"] for one in questions.requests]
    code = (
        "import json, sys; from pathlib import Path; from tidemill.tasks.table import load;"
        "from tidemill.store.artifacts.codecs import get_bundle; from tidemill.store.artifacts.local import LocalArtifacts;"
        "scorer = load(get_bundle(LocalArtifacts(Path(sys.argv[1])), sys.argv[2]));"
        "told = [scorer.predict(row) for row in json.load(sys.stdin)];"
        "print(json.dumps([sorted({'sklearn', 'skl2onnx', 'onnx', 'scipy', 'polars'} & set(sys.modules)), told]))"
    )
    kept = LocalArtifacts(tmp_path / "artifacts")
    line = [sys.executable, "-c", code, str(kept.root), put_bundle(kept, bundle)]
    heavy, told = json.loads(
        subprocess.run(line, input=json.dumps(asked), capture_output=True, text=True, check=True).stdout
    )
    assert heavy == []
    assert told == questions.answers(bundle)


@pytest.mark.parametrize(
    "name",
    ["raises", "dies", "leaves", "leaves_at_once", "no_estimator", "no_number", "differs", "cuts", "no_such"],
    ids=lambda name: name,
)
def test_a_learner_that_gives_no_model_says_so(tmp_path: Path, name: str) -> None:
    with raised(ModelError, f"steps:{name}"):
        fit(own(tmp_path, "regress", name))
    fit(own(tmp_path, "regress", "line"))


def test_what_an_estimator_was_fitted_to_is_known_by_labels_or_by_their_places() -> None:
    known = convert._known
    assert known(["yes", "no"], ["no", "yes"]) == ["yes", "no"]
    assert known([0, 1], ["no", "yes"]) == ["no", "yes"] and known([1.0, 0.0], ["no", "yes"]) == ["yes", "no"]
    assert known([0, 1], [1, 2]) == ["1", "2"], "of places, for 0 is no label"
    assert known([1, 2], [1, 2]) == ["1", "2"] and known([], None) == []
    with raised(ModelError, ""):
        known(["a", "b"], ["no", "yes"])


def test_labels_need_probabilities(tmp_path: Path) -> None:
    with raised(ModelError, "steps:no_probabilities"):
        fit(own(tmp_path, "binary", "no_probabilities"))


def test_a_learner_that_eats_memory_or_hangs_is_ended_at_its_limit_and_the_next_one_is_fitted(tmp_path: Path) -> None:
    with raised(ModelError, "steps:eats"):
        fit(own(tmp_path, "regress", "eats", memory=300_000_000))
    fit(own(tmp_path, "regress", "line"))
    with raised(ModelError, "steps:hangs"):
        fit(own(tmp_path, "regress", "hangs", seconds=2.0))
    fit(own(tmp_path, "regress", "line"))


def test_a_source_that_changed_since_the_recipe_was_made_is_not_fitted(tmp_path: Path) -> None:
    trainer = own(tmp_path, "regress", "line")
    (tmp_path / "steps.py").write_text("def line(): return 1")
    with raised(ModelError, "steps.py"):
        fit(trainer)


def test_a_pipe_in_the_project_is_not_waited_for(tmp_path: Path) -> None:
    trainer = own(tmp_path, "regress", "line")
    (tmp_path / "steps.py").unlink()
    os.mkfifo(tmp_path / "steps.py")
    with raised(ModelError, "steps.py"):
        fit(trainer)


def test_a_file_outside_the_project_is_not_read(tmp_path: Path) -> None:
    trainer = own(tmp_path, "regress", "line")
    (tmp_path / "steps.py").unlink()
    (tmp_path / "steps.py").symlink_to("/etc/hostname")
    with raised(ModelError, "steps.py"):
        fit(trainer)


# files that somebody else made ------------------------------------------------------------------------------------------


def model_of(
    nodes: list[Any], inputs: list[Any], outputs: list[Any], held: list[Any] | None = None, **more: Any
) -> bytes:
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializer=held or [])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    made: bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9, **more).SerializeToString()
    return made


def of(name: str, kind: int = TensorProto.FLOAT, shape: tuple[Any, ...] = ("n", 1)) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def weights(*values: float) -> Any:
    return numpy_helper.from_array(np.array(values, np.float32)[:, None], "w")


def line_of_two() -> bytes:
    """2 × age + 3 × owner, of one tensor."""
    return model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [of("x", shape=("n", 2))], [of("y")], [weights(2, 3)]
    )


def of_columns() -> bytes:
    """The probability of "yes": 1 where the town is oslo; by tensors that are called like inputs."""
    oslo = numpy_helper.from_array(np.array([["oslo"]], object), "oslo")
    nodes = [
        helper.make_node("Equal", ["town", "oslo"], ["same"]),
        helper.make_node("Cast", ["same"], ["one"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["age", "zero"], ["none"]),
        helper.make_node("Add", ["one", "none"], ["p"]),
    ]
    zero = numpy_helper.from_array(np.zeros((1, 1), np.float32), "zero")
    graph = helper.make_graph(
        nodes, "g", [of("town", TensorProto.STRING), of("age")], [of("p")], initializer=[oslo, zero]
    )
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9
    ).SerializeToString()
    return made


def file(folder: Path, task: str, data: bytes, **said: Any) -> TabularTrainer:
    return trainer_of(folder, task, {"method": "onnx", "file": "x.onnx", "inputs": [], **said}, data)


def test_a_file_answers_by_the_order_that_its_inputs_are_said_in(tmp_path: Path) -> None:
    scorer = load(fit(file(tmp_path, "regress", line_of_two(), inputs=["age", "owner"])))
    row = {"age": 30, "owner": True, "town": "oslo", "income": 1.0}
    with raised(ModelError, "x.onnx"):
        scorer = load(fit(file(tmp_path, "regress", line_of_two())))
    with raised(ModelError, "x.onnx"):
        fit(file(tmp_path, "regress", line_of_two(), inputs=["age", "agee"]))
    with raised(ModelError, "x.onnx"):
        fit(file(tmp_path, "regress", line_of_two(), inputs=["age", "town"]))
    assert scorer.predict(row)["value"] == 63.0


def test_a_file_s_tensors_are_inputs_by_their_names(tmp_path: Path) -> None:
    scorer = load(fit(file(tmp_path, "binary", of_columns(), labels=["no", "yes"])))
    told = [scorer.predict({"age": 30, "town": town})["value"] for town in ("oslo", "rome", "paris", None)]
    assert told == ["yes", "no", "no", "no"]
    turned = load(fit(file(tmp_path, "binary", of_columns(), labels=["yes", "no"])))
    assert turned.predict({"age": 30, "town": "oslo"})["value"] == "no"
    with raised(ModelError, "x.onnx"):
        fit(file(tmp_path, "binary", of_columns()))


def test_whole_numbers_cannot_be_missing_or_be_cut(tmp_path: Path) -> None:
    cast = model_of(
        [helper.make_node("Cast", ["age"], ["y"], to=TensorProto.FLOAT)], [of("age", TensorProto.INT64)], [of("y")]
    )
    scorer = load(fit(file(tmp_path, "regress", cast)))
    assert scorer.predict({"age": 30})["value"] == 30.0
    with raised(SignatureMismatch, "", hint=False):
        scorer.outputs(np.full(len(scorer.inputs), np.nan))
    for value in (30.5, 1e30):
        with raised(SignatureMismatch, "", hint=False):
            scorer.outputs(np.full(len(scorer.inputs), value))


def custom() -> bytes:
    node = helper.make_node("Steal", ["x"], ["y"], domain="com.evil")
    return model_of([node], [of("x", shape=("n", 2))], [of("y")])


def external() -> bytes:
    tensor = weights(2, 3)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], [of("x", shape=("n", 2))], [of("y")], [tensor])


def hidden_external() -> bytes:
    """Within the branch of an operator."""
    tensor = numpy_helper.from_array(np.zeros((1, 1), np.float32), "t")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    branch = helper.make_graph([helper.make_node("Constant", [], ["b"], value=tensor)], "b", [], [of("b")])
    condition = numpy_helper.from_array(np.array(True), "c")
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    return model_of([node], [of("x", shape=("n", 2))], [of("y")], [condition])


def two_gigabytes() -> bytes:
    shape = numpy_helper.from_array(np.array([1 << 16, 1 << 15], np.int64), "s")
    nodes = [
        helper.make_node("ConstantOfShape", ["s"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"]),
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "sum"], ["y"]),
    ]
    return model_of(nodes, [of("x", shape=("n", 2))], [of("y")], [shape, weights(2, 3)])


def large_for_one_row() -> bytes:
    """As many numbers as an input says, 4,096 times: of the rows learned from a few, of a large one all memory."""
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["whole", "axis"], ["one"]),
        helper.make_node("Concat", ["one", "many"], ["shape"], axis=0),
        helper.make_node("ConstantOfShape", ["shape"], ["big"]),
        helper.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "sum"], ["y"]),
    ]
    held = [
        numpy_helper.from_array(np.array([0], np.int64), "axis"),
        numpy_helper.from_array(np.array([4_096], np.int64), "many"),
        weights(2, 3),
    ]
    return model_of(nodes, [of("x", shape=("n", 2))], [of("y")], held)


def said_to_be_large() -> bytes:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 31, 1])
    return model_of([helper.make_node("MatMul", ["x", "w"], ["y"])], [of("x", shape=("n", 2))], [of("y")], [tensor])


def of_one_row() -> bytes:
    return model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], [of("x", shape=(1, 2))], [of("y")], [weights(2, 3)]
    )


def no_number() -> bytes:
    return model_of(
        [
            helper.make_node("Log", ["m"], ["y"]),
            helper.make_node("Neg", ["a"], ["m"]),
            helper.make_node("MatMul", ["x", "w"], ["a"]),
        ][::-1],
        [of("x", shape=("n", 2))],
        [of("y")],
        [weights(2, 3)],
    )


def with_functions() -> bytes:
    node = helper.make_node("Mine", ["x"], ["y"], domain="mine")
    inner = [helper.make_node("Neg", ["a"], ["b"])]
    function = helper.make_function("mine", "Mine", ["a"], ["b"], inner, [helper.make_opsetid("", 17)])
    return model_of([node], [of("x", shape=("n", 2))], [of("y")], functions=[function])


def deep() -> bytes:
    """A graph in an operator of a graph in an operator …, as no library writes it."""

    def field(number: int, data: bytes) -> bytes:
        size, length = len(data), b""
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + data

    graph = b""
    for _ in range(1_000):
        graph = field(1, field(4, b"If") + field(5, field(1, b"then_branch") + field(6, graph)))
    return field(7, graph + field(12, field(1, b"y")))


@pytest.mark.parametrize(
    "made",
    [
        *(custom, external, hidden_external, two_gigabytes, large_for_one_row, said_to_be_large),
        *(of_one_row, no_number, with_functions, deep),
    ],
    ids=lambda made: made.__name__,
)
def test_a_file_that_is_not_plain_is_refused(tmp_path: Path, made: Any) -> None:
    trainer = file(tmp_path, "regress", made(), inputs=["age", "owner"])
    with raised(ModelError, "x.onnx"):
        fit(trainer)


@pytest.mark.parametrize(
    "data", [b"", b"PAR1 no model", b"\x0a" * 100_000, line_of_two()[:-20]], ids=["empty", "text", "nested", "cut"]
)
def test_bytes_that_are_no_model_are_refused(tmp_path: Path, data: bytes) -> None:
    with raised(ModelError, "x.onnx"):
        fit(file(tmp_path, "regress", data, inputs=["age", "owner"]))


def test_what_are_no_probabilities_are_refused(tmp_path: Path) -> None:
    logits = model_of(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [of("x", shape=("n", 1))],
        [of("y", shape=("n", 2))],
        [numpy_helper.from_array(np.array([[1.0, 2.0]], np.float32), "w")],
    )
    with raised(ModelError, "x.onnx"):
        fit(file(tmp_path, "binary", logits, inputs=["age"], labels=["no", "yes"]))
    soft = onnx.load_from_string(logits)
    soft.graph.node[0].output[0] = "m"
    soft.graph.node.append(helper.make_node("Softmax", ["m"], ["y"]))
    told = load(fit(file(tmp_path, "binary", soft.SerializeToString(), inputs=["age"], labels=["no", "yes"]))).predict(
        {"age": 30}
    )
    assert told["value"] == "yes"
