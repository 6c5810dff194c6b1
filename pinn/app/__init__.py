"""The application: configs, building, devices, the command, and the one call behind it."""
