'use strict';
/**
 * Errors by their code: where on the page they are shown, what happened, what to do. The backend's own sentence is added where it
 * says more. Places: `camera`, `microphone`, `speaker` (beside the device), `server`, `user`, `room`, `app`, `signature` (beside the field),
 * `form` (above its button), `call` (a note).
 */

const ERRORS = {
  // -- devices
  '-1301': { at: 'camera', title: 'The camera did not start.', todo: 'Unplug it and plug it in again, or choose another one.' },
  '-1314': { at: 'camera', title: 'The camera may not be used.', todo: 'Allow it in the system’s privacy settings, then switch it on again.' },
  '-1315': { at: 'camera', title: 'The camera cannot deliver such a picture.', todo: 'Choose another camera.' },
  '-1316': { at: 'camera', title: 'The camera is busy.', todo: 'Another program uses it. Close that one, then switch the camera on again.' },
  '-1302': { at: 'microphone', title: 'The microphone did not start.', todo: 'Unplug it and plug it in again, or choose another one.' },
  '-1317': { at: 'microphone', title: 'The microphone may not be used.', todo: 'Allow it in the system’s privacy settings, then switch it on again.' },
  '-1318': { at: 'microphone', title: 'The microphone cannot deliver such sound.', todo: 'Choose another microphone.' },
  '-1319': { at: 'microphone', title: 'The microphone is busy.', todo: 'Another program uses it. Close that one, then switch the microphone on again.' },
  '-1320': { at: 'microphone', title: 'The microphone could not be stopped.', todo: 'Unplug it if its light stays on.' },
  '-1321': { at: 'speaker', title: 'The speaker did not start.', todo: 'Choose another speaker.' },
  '-1322': { at: 'speaker', title: 'The speaker cannot play such sound.', todo: 'Choose another speaker.' },
  '-1323': { at: 'speaker', title: 'The speaker could not be stopped.', todo: 'Choose another speaker.' },

  // -- entering
  '-3307': { at: 'server', title: 'The server did not answer.', todo: 'See that it is running and can be reached, then join again.' },
  '-3308': { at: 'server', title: 'The server did not answer in time.', todo: 'See that it is running and can be reached, then join again.' },
  '-3319': { at: 'user', title: 'This name cannot be used.', todo: 'Enter one, of letters, digits, - and _.' },
  '-3318': { at: 'room', title: 'There can be no such room.', todo: 'Enter a number from 1 to 4294967294, or a text of up to 64 characters.' },
  '-100014': { at: 'room', title: 'The room’s name has characters that cannot be used.', todo: 'Letters and digits always can.' },
  '-102030': { at: 'room', title: 'The room’s name is too long.', todo: 'Up to 64 characters can be used.' },
  '-102052': { at: 'room', title: 'The room is full.', todo: 'Try again when somebody has left, or choose another room.' },
  '-102011': { at: 'room', title: 'You may not enter this room now.', todo: 'You were removed from it a while ago. Ask whoever runs it, or choose another room.' },
  '-3317': { at: 'app', title: 'The app id is missing.', todo: 'Enter the SDKAppID of the room service.' },
  '-3320': { at: 'signature', title: 'The signature is missing.', todo: 'Paste a UserSig that was made for this user.' },
  '-100018': { at: 'signature', title: 'The signature was not accepted.', todo: 'It has to be made for this user and this app id, with the service’s key, and must not have expired.' },
  '-100006': { at: 'signature', title: 'This room needs a permission of its own.', todo: 'Ask whoever runs the service for a private map key.' },
  '-100011': { at: 'form', title: 'This role does not fit the kind of call.', todo: 'Choose another role or another kind.' },
  '-100013': { at: 'form', title: 'The room service is suspended.', todo: 'Ask whoever runs it.' },
  '-3301': { at: 'form', title: 'The room could not be entered.', todo: 'See that the backend and the room service are running, then join again.', own: true },
  '-3316': { at: 'form', title: 'The call has no parameters.', todo: 'Fill in the form.' },
  '-3340': { at: 'form', title: 'You are in a room already.', todo: 'Leave it first.' },
};

/** Whose sentence about the very device, or the very cause, is better than ours. */
const OWN = ['camera', 'microphone', 'speaker'];

const UNKNOWN = { at: 'call', title: 'Something went wrong.', todo: '', own: true };

/** What is typed as the server, and is no address. */
const NO_ADDRESS = Object.freeze({ at: 'server', title: 'This is no address of a server.', todo: 'It begins with ws:// or wss://, and the room service shows it when it starts.' });

/** `{code, at, title, todo, own}`: `own` is the backend's sentence where it should be shown, or ''. */
function errorFor(code, text) {
  const found = ERRORS[code] || Object.assign({}, UNKNOWN, { title: `Something went wrong (${code}).` });
  const shown = found.own || OWN.includes(found.at);
  return { code, at: found.at, title: found.title, todo: found.todo, own: shown && text ? String(text) : '' };
}

module.exports = { ERRORS, NO_ADDRESS, errorFor };
