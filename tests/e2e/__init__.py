"""The whole service and a browser: a package, so that pytest ends them behind its last test."""
