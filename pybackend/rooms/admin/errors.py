"""What a call of the server API can be refused with. On the wire these are Tencent's codes, and always HTTP 200."""

from enum import StrEnum


class Code(StrEnum):
    """Codes as documented; those of a parameter may carry its name behind a dot (`coded`)."""

    INVALID_AUTHORIZATION = "AuthFailure.InvalidAuthorization"
    SECRET_ID_NOT_FOUND = "AuthFailure.SecretIdNotFound"
    SIGNATURE_EXPIRE = "AuthFailure.SignatureExpire"
    SIGNATURE_FAILURE = "AuthFailure.SignatureFailure"
    TOKEN_FAILURE = "AuthFailure.TokenFailure"
    INVALID_ACTION = "InvalidAction"
    NO_SUCH_VERSION = "NoSuchVersion"
    UNSUPPORTED_PROTOCOL = "UnsupportedProtocol"
    REQUEST_LIMIT = "RequestLimitExceeded"
    REQUEST_SIZE = "RequestSizeLimitExceeded"
    MISSING_PARAMETER = "MissingParameter"
    INVALID_PARAMETER = "InvalidParameter"
    INVALID_VALUE = "InvalidParameterValue"
    UNKNOWN_PARAMETER = "UnknownParameter"
    UNAUTHORIZED_APP = "UnauthorizedOperation.SdkAppId"
    ROOM_NOT_EXIST = "FailedOperation.RoomNotExist"
    USER_NOT_EXIST = "FailedOperation.UserNotExist"
    INTERNAL_ERROR = "InternalError"


class ApiError(Exception):
    """The call is refused; `text` names the field or header at fault and goes to the caller."""

    def __init__(self, code: Code, text: str, *, suffix: str = "") -> None:
        super().__init__(text)
        self.code = f"{code}.{suffix}" if suffix else str(code)
        self.text = text
