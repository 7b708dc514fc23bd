"""A bare REST client: one connection, no retries, the answer as it came."""

import http.client
import json


class Rest:
    def __init__(self, server, timeout=60):
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=timeout)

    def call(self, method, path, body=None):
        """Status and decoded JSON of /api/2.0/mlflow/{path}."""
        self.connection.request(method, f"/api/2.0/mlflow/{path}",
                                None if body is None else json.dumps(body),
                                {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ok(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        assert status == 200, (method, path, body, status, answer)
        return answer

    def close(self):
        self.connection.close()


def together(server, calls):
    """Runs each of `calls` (a function of a Rest) in a thread of its own, all from the same moment; their results."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    barrier = Barrier(len(calls))

    def run(call):
        rest = Rest(server)
        try:
            barrier.wait(60)
            return call(rest)
        finally:
            rest.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
