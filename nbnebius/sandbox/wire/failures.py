"""The bodies of refusals, in the shapes that the real service uses."""

from collections.abc import Mapping, Sequence

Problem = dict[str, object]


class ApiError(Exception):
    """
    A refusal that becomes the answer to a request.

    Parameters
    ----------
    status
        The HTTP status.
    body
        The JSON body.
    headers
        Headers of this refusal.
    """

    def __init__(
        self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})


class CutError(Exception):
    """The connection ends here, in the middle of an answer."""


def refused(status: int, detail: str, headers: Mapping[str, str] | None = None) -> ApiError:
    """Refuse with a sentence, as the service's own front does."""
    return ApiError(status, {"detail": detail}, headers)


def invalid(problems: Sequence[Problem]) -> ApiError:
    """Refuse a body with the list of what is wrong in it."""
    return ApiError(422, {"detail": list(problems)})


def unserved(message: str, param: str | None = None) -> ApiError:
    """Refuse as the engine behind the front does, with a nested error."""
    error = {"message": message, "type": "BadRequestError", "param": param, "code": 400}
    return ApiError(400, {"error": error})


def unknown_model(model: str) -> ApiError:
    """Refuse an id that is not in the catalog."""
    return refused(404, f"The model `{model}` does not exist.")


def too_long(context: int, prompt: int, completion: int, part: str = "messages") -> ApiError:
    """Refuse a request that does not fit the model's context."""
    return unserved(
        f"This model's maximum context length is {context} tokens. However, you requested "
        f"{prompt + completion} tokens ({prompt} in the {part}, {completion} in the completion). "
        f"Please reduce the length of the {part} or completion."
    )
