'use strict';
/** The screen that says why a call is over, and leads on. */
const { byId, fill, icon, say } = require('./dom');
const { reasonFor } = require('./reasons');

class Ended {
  constructor({ onAgain, onBack }) {
    byId('again').addEventListener('click', onAgain);
    byId('back').addEventListener('click', onBack);
  }

  /** `todo`: what our home says is to be done, instead of what we would say; `own`: the backend's account of it, or ''. */
  show({ reason, cause, todo }, { user, room }, own) {
    const found = reasonFor(reason, cause, { user, room });
    byId('ended').dataset.cause = found.cause;
    fill(byId('ended-icon'), icon(found.icon));
    say(byId('ended-title'), found.title);
    say(byId('ended-text'), found.text);
    say(byId('ended-own'), own);
    byId('ended-details').hidden = !own;
    byId('ended-details').open = false;
    say(byId('ended-todo'), todo || found.todo);
    say(byId('again'), found.again || '');
    byId('again').hidden = !found.again;
    (found.again ? byId('again') : byId('back')).focus();
  }
}

module.exports = { Ended };
