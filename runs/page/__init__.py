"""The browser page. Only `evswarm app` imports it; a new tab is one file here and one line in `tabs.py`."""
