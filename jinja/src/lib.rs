//! rsalt jinja.
