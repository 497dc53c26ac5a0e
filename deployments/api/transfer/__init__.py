"""Export, import and backup as lines of JSON."""
