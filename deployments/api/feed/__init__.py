"""The live feed: SSE and WebSocket."""
