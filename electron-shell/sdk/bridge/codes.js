'use strict';
/** Codes of errors that are ours and not the backend's; pages and the host know the same ones. */

/** There was no answer, or no way to ask. */
exports.NO_ANSWER = -32000;

/** There is no backend at all: all such errors have the same reason, which is said once. */
exports.UNREACHABLE = -32001;
