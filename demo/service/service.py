"""The demo's service: greets whoever asks, in the words of the installed package."""

import http.server

import saltygreeting


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = saltygreeting.greet(self.path.strip("/") or "container").encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
