"""The workbench: a typed client of the services, and views in the browser that use it."""
