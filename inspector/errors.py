"""Errors that a person reads: what happened, why, and what to do about it."""

from __future__ import annotations


class InspectorError(Exception):
    """Base of every error that inspector raises on purpose.

    Args:
        what: the thing that failed, as a clause without a full stop ("bundle bundles/bottle cannot be read").
        why: the cause ("manifest.json is missing"); empty where `what` already says it.
        remedy: what to do next ("train it with `inspector train`"); empty where nothing can be done.
    """

    def __init__(self, what: str, why: str = "", remedy: str = "") -> None:
        self.what, self.why, self.remedy = what, why, remedy
        message = f"{what}: {why}." if why else f"{what}."
        super().__init__(f"{message} {remedy}.".strip() if remedy else message)


class SettingsError(InspectorError):
    """A configuration file or an environment variable is wrong."""


class FrameError(InspectorError):
    """Bytes that are not a usable picture.

    Args:
        code: one short word a counter can be labelled with, such as ``truncated`` or ``too_large``.
        what: see `InspectorError`.
        why: see `InspectorError`.
        remedy: see `InspectorError`.
    """

    def __init__(self, code: str, what: str, why: str = "", remedy: str = "") -> None:
        super().__init__(what, why, remedy)
        self.code = code


class BundleError(InspectorError):
    """A model bundle is missing, damaged, edited by hand, or of another version."""


class SignatureError(BundleError):
    """A bundle is unsigned, signed by somebody who is not trusted, or was changed after it was signed."""


class KeyFileError(InspectorError):
    """A key's file or its passphrase is missing, open to other users, or not what it should be."""


class CertificateError(InspectorError):
    """A certificate, its authority, or the list of who may have one cannot be used."""


class ModelSourceError(InspectorError):
    """A bundle cannot be fetched or kept at the moment; trying again later may work."""


class RegistryError(InspectorError):
    """A bundle cannot be registered, promoted or rolled back."""


class EngineError(InspectorError):
    """A bundle's network cannot be loaded or run by the chosen engine."""


class KindsError(InspectorError):
    """The network that names kinds of defects is missing or damaged."""


class AdapterError(InspectorError):
    """An adapter is missing or damaged, or does not fit the language model."""


class LanguageModelError(InspectorError):
    """The language model is missing, damaged or of another version, or was given what it cannot take."""


class TrainingError(InspectorError):
    """A product cannot be learned from what was given."""


class ParityError(TrainingError):
    """The exported network does not compute what the trained one does."""


class DatasetError(InspectorError):
    """A folder is not laid out as the command needs it."""


class OutputExistsError(InspectorError):
    """Something already stands where a result should be written."""


class RecordsError(InspectorError):
    """The database cannot be reached, migrated or written."""


class ReviewConflictError(RecordsError):
    """Somebody else has decided about the frame in the meantime."""


class AccountError(InspectorError):
    """A person may not do this, or an account cannot be made or changed."""


class BatchError(InspectorError):
    """Batch work cannot begin: no cluster, or its folder belongs to other work."""


class EvidenceError(InspectorError):
    """A kept picture or map is gone, damaged, or out of reach."""


class MessageError(InspectorError):
    """An MQTT topic or payload does not follow the contract."""


class DashboardError(InspectorError):
    """The page cannot be served."""


class ReportError(InspectorError):
    """A report cannot be made of what was asked for."""


class DemoError(InspectorError):
    """A step of the demo failed, or one of its processes ended by itself."""


class BrokerError(InspectorError):
    """The MQTT broker cannot be reached or started."""
