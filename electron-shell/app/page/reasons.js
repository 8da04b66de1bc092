'use strict';
/**
 * Why a call is over, in words, and what to do next. By the cause in the detail of `onExitRoom`; by its argument where there is none.
 * `$user` and `$room` stand for those of the call. `again`: what the first button says; without it there is only the way back.
 */

const CAUSES = {
  leave: {
    icon: 'door', title: 'You left the room',
    text: 'Your camera and microphone are released.',
    todo: 'Come back whenever you like.', again: 'Join again',
  },
  removed: {
    icon: 'warning', title: 'You were removed from the room',
    text: 'Whoever runs room $room has removed $user. Sending and receiving ended at once.',
    todo: 'If that was a mistake, you may join again.', again: 'Join again',
  },
  banned: {
    icon: 'lock', title: 'You were removed, and may not come back yet',
    text: 'Whoever runs room $room has removed $user and closed the door for a while.',
    todo: 'Ask them when it opens again, or join another room.',
  },
  'duplicate-login': {
    icon: 'people', title: 'You joined from somewhere else',
    text: '$user has entered again from another window or device. The newest one stays in the call.',
    todo: 'To be in the call here, join again: it ends over there. To be in it twice, choose another name.', again: 'Join here instead',
  },
  'token-expired': {
    icon: 'lock', title: 'Your signature has expired',
    text: 'The permission to be in room $room was valid for a limited time, and that is over.',
    todo: 'Join again with a new signature.', again: 'Join again',
  },
  'backend-lost': {
    icon: 'warning', title: 'The media backend stopped',
    text: 'The program that handles camera, microphone and network has ended. All devices are released.',
    todo: 'It is started again by itself. Join again in a moment.', again: 'Join again',
  },
  dismissed: {
    icon: 'door', title: 'The room was dismissed',
    text: 'Whoever runs room $room has ended it for everybody.',
    todo: 'Joining again opens the room anew.', again: 'Open it again',
  },
  'room-closed': {
    icon: 'door', title: 'The room is closed',
    text: 'The room service has closed room $room for everybody.',
    todo: 'Joining again opens the room anew, as soon as the service takes calls.', again: 'Join again',
  },
};

const BY_REASON = ['leave', 'removed', 'dismissed'];

const UNKNOWN = {
  icon: 'warning', title: 'The call has ended',
  text: 'The room service gave a reason that this app does not know.',
  todo: 'You may join again.', again: 'Join again',
};

/** Why another user is gone, by the second argument of `onRemoteUserLeaveRoom`. */
const DEPARTURES = ['$user left', '$user lost the connection', '$user was removed', '$user listens from now on'];

const put = (text, names) => text.replace(/\$(user|room)/g, (_, name) => names[name]);

/** `{cause, icon, title, text, todo, again}` for `onExitRoom(reason)` with this cause. */
function reasonFor(reason, cause, names) {
  const key = Object.prototype.hasOwnProperty.call(CAUSES, cause) ? cause : BY_REASON[reason];
  const found = CAUSES[key] || UNKNOWN;
  return Object.assign({}, found, { cause: key || '', text: put(found.text, names), todo: put(found.todo, names) });
}

const departure = (reason, user) => put(DEPARTURES[reason] || DEPARTURES[0], { user });

module.exports = { CAUSES, departure, reasonFor };
