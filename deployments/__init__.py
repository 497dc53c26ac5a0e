"""How the service runs on Ray Serve: app.py wires, the rest is one role a module."""
