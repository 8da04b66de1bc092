"""The error codes of the server API, and the exception that carries one to the caller."""

from enum import StrEnum


class Code(StrEnum):
    """Tencent's codes, as far as something here leads to them."""

    INVALID_AUTHORIZATION = "AuthFailure.InvalidAuthorization"
    SECRET_ID_NOT_FOUND = "AuthFailure.SecretIdNotFound"
    SIGNATURE_EXPIRE = "AuthFailure.SignatureExpire"
    SIGNATURE_FAILURE = "AuthFailure.SignatureFailure"

    ROOM_NOT_EXIST = "FailedOperation.RoomNotExist"
    USER_NOT_EXIST = "FailedOperation.UserNotExist"
    INTERNAL_ERROR = "InternalError"

    INVALID_ACTION = "InvalidAction"
    INVALID_PARAMETER = "InvalidParameter"
    INVALID_ROOM_ID = "InvalidParameter.RoomId"
    INVALID_SDK_APP_ID = "InvalidParameter.SdkAppId"
    INVALID_USER_ID = "InvalidParameter.UserId"
    INVALID_USER_IDS = "InvalidParameter.UserIds"
    ROOM_ID_VALUE = "InvalidParameterValue.RoomId"

    MISSING_PARAMETER = "MissingParameter"
    MISSING_ROOM_ID = "MissingParameter.RoomId"
    MISSING_SDK_APP_ID = "MissingParameter.SdkAppId"
    MISSING_USER_ID = "MissingParameter.UserId"
    MISSING_USER_IDS = "MissingParameter.UserIds"

    NO_SUCH_VERSION = "NoSuchVersion"
    REQUEST_LIMIT_EXCEEDED = "RequestLimitExceeded"
    REQUEST_SIZE_LIMIT_EXCEEDED = "RequestSizeLimitExceeded"
    UNAUTHORIZED_SDK_APP_ID = "UnauthorizedOperation.SdkAppId"
    UNKNOWN_PARAMETER = "UnknownParameter"
    UNSUPPORTED_PROTOCOL = "UnsupportedProtocol"


class ApiError(Exception):
    """The call is refused; the text is for the caller and names the field it is about."""

    def __init__(self, code: Code, text: str) -> None:
        super().__init__(text)
        self.code = code
