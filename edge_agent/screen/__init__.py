"""The till screen: static page, styles and script."""
