"""BentoML: one service, one worker."""

import bentoml
import model


@bentoml.service(workers=1, traffic={"timeout": 30})
class Service:
    @bentoml.api
    def predict(self, inputs: dict[str, float]) -> dict[str, float]:
        return {"value": model.predict(inputs)}
