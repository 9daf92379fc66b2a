"""Every exception of yingzhi, one branch a remedy.

YingzhiError
├── SettingsError            mend the configuration
├── CaseError                the case as given cannot be worked on (field, line)
├── KnowledgeError           a knowledge file is wrong (file, key)
├── ModelError
│   ├── ModelUnavailable     try again later
│   └── MalformedResult      it answered, not in the schema
└── ToolError                a tool's backend failed

A message never holds patient text: it names the field, line or file and what was expected there.
"""


class YingzhiError(Exception):
    """Anything that yingzhi raises on purpose."""


class SettingsError(YingzhiError):
    """The configuration is wrong."""


class CaseError(YingzhiError):
    """The case as given cannot be worked on.

    Attributes:
        field: Path of the field or the line number that is wrong, e.g. `patient.age` or `line 3`; empty for the whole input.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class KnowledgeError(YingzhiError):
    """A knowledge file is wrong."""


class ModelError(YingzhiError):
    """A language model failed."""


class ModelUnavailable(ModelError):
    """The model can't be reached now."""


class MalformedResult(ModelError):
    """The model answered, but not in the schema."""


class ToolError(YingzhiError):
    """A tool's backend failed."""


class GoldError(YingzhiError):
    """A gold case, or a stored run of the evals, is wrong."""
