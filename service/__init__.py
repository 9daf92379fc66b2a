"""The consultation as a service over HTTP: native API, OpenAI-compatible chat, AG-UI, CDS Hooks, MCP."""
