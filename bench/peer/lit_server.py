"""LitServe: one worker, one server of its API."""

import sys

import litserve


class Api(litserve.LitAPI):
    def setup(self, device):
        import model

        self.model = model

    def decode_request(self, request):
        return request["inputs"]

    def predict(self, row):
        return self.model.predict(row)

    def encode_response(self, value):
        return {"value": value}


if __name__ == "__main__":
    server = litserve.LitServer(Api(), accelerator="cpu", workers_per_device=1, timeout=30)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, num_api_servers=1, log_level="warning"
    )
