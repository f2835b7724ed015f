"""A client of the Open Inference Protocol that others wrote: NVIDIA's, where it is installed (``pip install 'tritonclient[http]'``)."""

from __future__ import annotations

import numpy as np
import pytest

from tests.serve.test_table import booster, served  # noqa: F401 - fixtures


@pytest.mark.nightly
def test_triton_s_client_is_answered(served, booster):  # noqa: F811
    triton = pytest.importorskip("tritonclient.http")
    head = {"Authorization": f"Bearer {served.token}"}
    client = triton.InferenceServerClient(f"127.0.0.1:{served.port}")
    assert client.is_server_live(headers=head) and client.is_server_ready(headers=head)
    assert client.is_model_ready("shop", "1", headers=head)
    assert client.get_model_metadata("shop", headers=head)["inputs"][0]["datatype"] == "FP64"
    inputs = [triton.InferInput("warmth", [2], "FP64"), triton.InferInput("day", [2], "BYTES")]
    inputs[0].set_data_from_numpy(np.array([1.25, -1.0]), binary_data=False)
    inputs[1].set_data_from_numpy(np.array(["tu", "mo"], dtype=object), binary_data=False)
    found = client.infer("shop", inputs, request_id="42", headers=head)
    assert found.get_response()["id"] == "42"
    assert found.as_numpy("value") == pytest.approx(booster.predict(np.array([[1.25, 1], [-1.0, 0]])), abs=1e-12)
    inputs[0].set_data_from_numpy(np.array([1.25, -1.0]))
    with pytest.raises(Exception, match="binary"):
        client.infer("shop", inputs, headers=head)
