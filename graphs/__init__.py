"""The state machine of a consultation, its events and what it runs on."""

import os

os.environ.setdefault("LANGGRAPH_STRICT_MSGPACK", "true")  # before langgraph is read: a crafted checkpoint row runs code otherwise
