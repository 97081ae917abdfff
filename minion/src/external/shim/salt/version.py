"""The release of Salt that rsalt follows."""

__version__ = "3008.3"
__version_info__ = (3008, 3)
__saltstack_version__ = __version__
