"""Salt's exceptions, by its names."""


class SaltException(Exception):
    def __init__(self, message=""):
        if not isinstance(message, str):
            message = str(message)
        super().__init__(message)
        self.message = self.strerror = message

    def __unicode__(self):
        return self.strerror


class CommandExecutionError(SaltException):
    def __init__(self, message="", info=None):
        self.error, self.info = message, info
        super().__init__(f"{message}\n\nAdditional info follows:\n\n{info}" if info else message)


def _like(base, *names):
    for name in names:
        globals()[name] = type(name, (base,), {"__module__": __name__, "__doc__": None})


_like(
    SaltException,
    "ArgumentValueError", "AuthenticationError", "AuthorizationError", "CheckError", "CommandNotFoundError",
    "FileserverConfigError", "FileLockError", "GitLockError", "InvalidConfigError", "InvalidEntityError",
    "LoaderError", "LoggingRuntimeError", "MinionError", "NotImplemented", "PillarRenderError", "PkgParseError",
    "PublishError", "SaltCacheError", "SaltClientError", "SaltCloudException", "SaltConfigurationError",
    "SaltDaemonNotRunning", "SaltDeserializationError", "SaltInvocationError", "SaltMasterError", "SaltNoMinionsFound",
    "SaltRenderError", "SaltReqTimeoutError", "SaltRunnerError", "SaltSystemExit", "SaltTimeoutError",
    "SaltValidationError", "SaltWheelError", "StrFormatError", "TemplateError", "TimedProcTimeoutError",
    "TimeoutError", "UnsupportedAttribute", "VMwareSaltError",
)
SaltInvocationError = type("SaltInvocationError", (SaltException, TypeError), {"__module__": __name__})
_like(CommandExecutionError, "CommandNotFoundError")
