"""Exits with 0 when the service answers as it should."""

import sys
import urllib.request

try:
    answer = urllib.request.urlopen("http://127.0.0.1:9000/demo", timeout=5).read().decode()
except OSError as error:
    sys.exit(f"the service does not answer: {error}")
print(answer)
sys.exit(answer != "Hello, demo, from a salty container")
